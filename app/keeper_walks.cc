#include <algorithm>
#include <set>

#include "app/keeper.h"

namespace kith {
namespace {

constexpr int looks_max = 3;  // at what differs; each after all events were handled

template <class Service>
KeeperStep step_of(Service& service) {
  return [&service](keeper::RebuildRequest request) { return service.rebuild(Call{}, std::move(request)); };
}

}  // namespace

std::vector<Kept> kept_by(Services services) {
  return {{"users", step_of(services.users)},
          {"auth", step_of(services.auth)},
          {"graph", step_of(services.graph)},
          {"posts", step_of(services.posts)},
          {"reactions", step_of(services.reactions)},
          {"timeline", step_of(services.timeline)},
          {"notifications", step_of(services.notifications)},
          {"search", step_of(services.search)}};
}

Task<Rebuilt> rebuild_all(KeeperStep step) {
  Rebuilt done;
  std::string cursor;
  do {
    keeper::RebuildRequest request{.cursor = std::move(cursor)};
    auto page = co_await step(std::move(request));
    done.touched += page.touched;
    done.healed += page.differences.size();
    cursor = std::move(page.cursor);
  } while (!cursor.empty());
  co_return done;
}

Task<std::vector<std::string>> differences(KeeperStep step, std::function<Task<void>()> caught_up) {
  // The steps that found something, and what.
  struct Differing {
    std::string cursor;
    std::vector<std::string> lines;
  };
  std::vector<Differing> differing;
  std::string cursor;
  do {
    keeper::RebuildRequest request{.cursor = cursor, .check_only = true};
    auto page = co_await step(std::move(request));
    if (!page.differences.empty()) differing.push_back({std::move(cursor), std::move(page.differences)});
    cursor = std::move(page.cursor);
  } while (!cursor.empty());

  for (int look = 1; look < looks_max && !differing.empty(); ++look) {
    co_await caught_up();
    for (Differing& each : differing) {
      keeper::RebuildRequest request{.cursor = each.cursor, .check_only = true};
      auto const page = co_await step(std::move(request));
      std::set<std::string> const now(page.differences.begin(), page.differences.end());
      std::erase_if(each.lines, [&](std::string const& line) { return !now.contains(line); });
    }
    std::erase_if(differing, [](Differing const& each) { return each.lines.empty(); });
  }
  std::vector<std::string> lines;
  for (Differing& each : differing) lines.insert(lines.end(), each.lines.begin(), each.lines.end());
  co_return lines;
}

}  // namespace kith
