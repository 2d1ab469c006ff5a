// kith rebuild, fsck, compact: looking after a data folder.

#include <algorithm>
#include <cstdio>

#include "app/command.h"
#include "app/core.h"
#include "app/engines.h"
#include "app/keeper.h"
#include "app/key_store.h"
#include "app/running.h"
#include "base/error.h"
#include "base/run.h"
#include "ports/table/rocksdb/rocksdb.h"

namespace kith {
namespace {

std::vector<std::string> wanted(Typed const& typed, std::vector<Kept> const& all) {
  if (typed.words().size() > 1) throw Error{Code::invalid, "Name at most one part; without a name it is all of them"};
  std::vector<std::string> names;
  for (Kept const& kept : all) names.push_back(kept.name);
  if (typed.words().empty()) return names;
  std::string const& name = typed.words().front();
  if (std::ranges::find(names, name) != names.end()) return {name};
  std::string known;
  for (std::string const& each : names) known += (known.empty() ? "" : ", ") + each;
  throw Error{Code::invalid, "There is no part " + name + "; the parts are " + known};
}

int rebuild(Typed const& typed) {
  Reached reached(settings_of(typed).settings);
  Services services = reached.services();
  auto const all = kept_by(services);
  auto const names = wanted(typed, all);
  for (Kept const& kept : all) {
    if (std::ranges::find(names, kept.name) == names.end()) continue;
    Rebuilt const done = run(rebuild_all(kept.step));
    std::printf("%s: %llu looked at, %llu healed\n", kept.name.c_str(), static_cast<unsigned long long>(done.touched),
                static_cast<unsigned long long>(done.healed));
    std::fflush(stdout);
  }
  run(reached.caught_up());
  return 0;
}

int fsck(Typed const& typed) {
  Reached reached(settings_of(typed).settings);
  Services services = reached.services();
  auto const all = kept_by(services);
  auto const names = wanted(typed, all);
  bool right = true;
  for (Kept const& kept : all) {
    if (std::ranges::find(names, kept.name) == names.end()) continue;
    for (std::string const& line : run(differences(kept.step, [&reached] { return reached.caught_up(); }))) {
      std::printf("%s\n", line.c_str());
      right = false;
    }
  }
  return right ? 0 : 1;
}

int compact(Typed const& typed) {
  Reached reached(settings_of(typed).settings);
  if (reached.core() == nullptr)
    throw Error{Code::unavailable,
                "A server has this data folder open, and it compacts by itself; stop it first to do it at once"};
  RocksStore* const embedded = reached.core()->engines().embedded();
  if (embedded == nullptr)
    throw Error{Code::invalid, "All tables lie on servers, which look after their disks themselves"};
  embedded->compact();
  std::printf("%llu bytes\n", static_cast<unsigned long long>(embedded->stats().disk_bytes));
  return 0;
}

int migrate(Typed const& typed) {
  Settings const settings = settings_of(typed).settings;
  for (auto const& changes : {migrate_engines(settings, typed.has("--contract")), migrate_keys(settings)})
    for (std::string const& change : changes) std::printf("%s\n", change.c_str());
  return 0;
}

}  // namespace

std::vector<Command> keeper_commands() {
  std::vector<Command> commands;
  CommandDoc doc{.name = "rebuild",
                 .words = "[WHAT]",
                 .summary =
                     "Makes all that is derived anew from the truth, beside a running server or without one.\n"
                     "WHAT: users, auth, graph, posts, reactions, timeline, notifications or search."};
  doc.options = {data_option, settings_option};
  commands.push_back({doc, &rebuild});
  doc = {.name = "fsck",
         .words = "[WHAT]",
         .summary =
             "Compares derived rows, counts and claims with the truth. Prints every difference as one line and\n"
             "ends with 1; prints nothing and ends with 0 when all is right."};
  doc.options = {data_option, settings_option};
  commands.push_back({doc, &fsck});
  doc = {.name = "compact",
         .words = "",
         .summary = "Brings everything on the disk to its final place, as a server does over time."};
  doc.options = {data_option, settings_option};
  commands.push_back({doc, &compact});
  doc = {.name = "migrate",
         .words = "",
         .summary =
             "Brings tables on servers to what this version needs, as its first start would; says each change.\n"
             "It may be run while an older version serves, twice, and by two at once."};
  doc.options = {settings_option,
                 {"--contract", "", "also drop empty columns that no field has any more; when no older version runs"}};
  commands.push_back({doc, &migrate});
  return commands;
}

}  // namespace kith
