#pragma once

// What is simulated. A scenario lets people live in a world, kills the server now and then, and
// throws Broken when an invariant does not hold.

#include <string_view>
#include <vector>

#include "tests/simulation/world.h"

namespace kith::simulation {

struct Scenario {
  std::string_view name;
  void (*live)(World& world);
};

// Votes at the level of the ports: rows, counts beside them, content before, derived rows after.
void live_ballots(World& world);
// Twenty people on the real services.
void live_community(World& world);

}  // namespace kith::simulation
