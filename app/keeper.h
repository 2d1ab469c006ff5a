#pragma once

// Rebuilding what is derived, and comparing it with the truth: the steps of each service, one after
// the other, while everything serves.

#include <functional>
#include <string>
#include <vector>

#include "app/services.h"

namespace kith {

// A service's rebuild, one step a call.
using KeeperStep = std::function<Task<keeper::RebuildPage>(keeper::RebuildRequest)>;
struct Kept {
  std::string name;
  KeeperStep step;
};
// In the order in which they derive from each other.
std::vector<Kept> kept_by(Services services);

struct Rebuilt {
  std::uint64_t touched = 0;
  std::uint64_t healed = 0;
};
Task<Rebuilt> rebuild_all(KeeperStep step);

// What differs, a line each. While people write, a derived row may be on its way: what differs is
// compared again after all events were handled, a few times, and counts only if it differs each time.
Task<std::vector<std::string>> differences(KeeperStep step, std::function<Task<void>()> caught_up);

}  // namespace kith
