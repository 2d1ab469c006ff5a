// kith import: communities that nobody lived in.

#include "app/import.h"

#include <cstdio>

#include "app/address.h"
#include "app/core.h"
#include "app/engines.h"
#include "app/import_rows.h"
#include "app/running.h"
#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/table/rocksdb/rocksdb.h"

namespace kith {
namespace {

NetworkSize size_of(Typed const& typed) {
  NetworkSize size;
  size.users = static_cast<std::uint32_t>(typed.number("--users", 1, network_users_max));
  size.follows = static_cast<std::uint32_t>(typed.number("--follows", 0, network_follows_max));
  size.posts = typed.number("--posts", 0, network_posts_max);
  size.seed = typed.number("--seed", 0, id_max / 10);
  if (typed.has("--star")) size.star = static_cast<std::uint32_t>(typed.number("--star", 0, size.users - 1));
  if (std::uint64_t{size.users} * size.follows > network_follows_all_max)
    throw Error{Code::invalid, "--users times --follows may be at most " + grouped(network_follows_all_max)};
  return size;
}

NetworkImport::Needs needs_of(Settings const& settings, Core& core, Clock const& clock, Progress& progress,
                              std::atomic<bool> const& stopping) {
  NetworkImport::Needs needs{.services = core.services(),
                             .tables = core.tables(),
                             .strict = core.engines().strict(),
                             .wide = core.engines().wide(),
                             .keys = core.keys(),
                             .ids = core.import_ids(),
                             .clock = clock,
                             .caught_up = [&core] { return core.caught_up(); },
                             .progress = progress,
                             .stopping = stopping};
  needs.words = {settings.post_characters_max, host_of(base_url_of(settings))};
  needs.feeds_kept = settings.feeds_kept;
  needs.timelines_kept = settings.timelines_kept;
  needs.notifications_kept = settings.notifications_kept;
  needs.famous_from = settings.famous_followers_up;
  return needs;
}

int import_network(Typed const& typed) {
  NetworkSize const size = size_of(typed);
  Settings settings = settings_of(typed).settings;
  settings.lock_new_accounts = false;  // plain follows, no requests
  SystemClock clock;
  Duration const began = clock.monotonic();
  Progress progress = progress_here(clock);
  std::atomic<bool> const stopping = false;
  NetworkImport::Made made;
  {
    Reached reached(settings, Reached::Missing::made);
    if (reached.core() == nullptr)
      throw Error{Code::invalid, "The data folder " + settings.data + " is being served; stop that server first"};
    users::AllAccounts const one{.limit = 1};
    auto const there = run(reached.services().users.all(Call{}, one));
    if (!there.people.empty())
      throw Error{Code::invalid, "The data folder " + settings.data +
                                     " holds accounts already; a network is imported into a folder of its own"};
    NetworkImport import(needs_of(settings, *reached.core(), clock, progress, stopping), size);
    made = run(import.make());
    // Else the first server to open it would be busy with that.
    if (RocksStore* const embedded = reached.core()->engines().embedded()) embedded->compact();
  }
  auto const tenths = (clock.monotonic() - began).count() / 100'000;
  std::string const report = "made " + grouped(made.accounts) + " accounts (n0 to n" + std::to_string(size.users - 1) +
                             "), " + grouped(made.follows) + " follows, " + grouped(made.posts) + " posts, " +
                             grouped(made.feed_entries) + " feed entries in " + std::to_string(tenths / 10) + "." +
                             std::to_string(tenths % 10) +
                             " s\nThey have no passwords; kith admin token create --all lets them in.\n";
  std::fputs(report.c_str(), stdout);
  return 0;
}

}  // namespace

Command import_network_command() {
  CommandDoc doc{.name = "import network",
                 .words = "",
                 .summary = "Fills a new data folder with a made-up network, to measure growth."};
  doc.options = {{"--data", "DIR", "the data folder; without accounts so far", true},
                 {"--users", "N", "people, n0 and on", true},
                 {"--follows", "N", "whom each of them follows, the followed rather than others", true},
                 {"--posts", "N", "public posts over the past 30 days, log-normal by person", true},
                 {"--seed", "S", "the same network for the same number", true},
                 {"--star", "N", "how many people, n1 and on, all follow n0 besides"},
                 {"--settings", "FILE", "a settings file"}};
  return {doc, &import_network};
}

}  // namespace kith
