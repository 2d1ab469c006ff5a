#include "app/descriptions.h"

#include <algorithm>
#include <map>

#include "app/services.h"
#include "ports/clock/leases.kith.h"
#include "services/graph/graph_events.kith.h"
#include "services/notifications/notifications_events.kith.h"
#include "services/posts/posts_events.kith.h"
#include "services/reactions/reactions_events.kith.h"
#include "services/timeline/timeline_events.kith.h"
#include "services/users/users_events.kith.h"

namespace kith {
namespace {

template <class T>
void add(std::vector<T>& all, std::span<T const> some) {
  all.insert(all.end(), some.begin(), some.end());
}

}  // namespace

std::vector<Table> all_tables() {
  std::vector<Table> all;
  add(all, users::tables());
  add(all, graph::tables());
  add(all, posts::tables());
  add(all, reactions::tables());
  add(all, timeline::tables());
  add(all, notifications::tables());
  add(all, search::tables());
  add(all, auth::tables());
  add(all, leases::tables());
  std::ranges::sort(all, {}, &TableDescription::number);
  return all;
}

std::vector<EventDescription> all_events() {
  std::vector<EventDescription> all;
  add(all, users::events());
  add(all, graph::events());
  add(all, posts::events());
  add(all, reactions::events());
  add(all, timeline::events());
  add(all, notifications::events());
  return all;
}

std::vector<FollowDescription> all_follows() {
  std::vector<FollowDescription> all;
  add(all, graph::follows());
  add(all, posts::follows());
  add(all, reactions::follows());
  add(all, timeline::follows());
  add(all, notifications::follows());
  add(all, search::follows());
  return all;
}

std::string dataflow_text() {
  std::string out = "Events: who emits what, and who follows (* before the answer)\n\n";
  auto const follows = all_follows();
  for (EventDescription const& event : all_events()) {
    out += "  " + std::string(event.kind) + "\n";
    for (FollowDescription const& follow : follows)
      if (follow.kind == event.kind) out += "    -> " + std::string(follow.service) + (follow.echo ? " *" : "") + "\n";
  }
  out += "\nTables: number, class, owner service, what derives from what\n\n";
  for (Table const table : all_tables()) {
    std::string line = "  " + std::to_string(table->number);
    line += table->table_class == TableClass::strict ? "  strict  " : "  wide    ";
    line += std::string(table->service) + "." + std::string(table->name);
    if (line.size() < 46) line.resize(46, ' ');
    out += line + (table->derived_from.empty() ? " truth" : " from " + std::string(table->derived_from)) + "\n";
  }
  return out;
}

}  // namespace kith
