#pragma once

// Which rows of ties follow from the row of two people, and back.

#include <optional>
#include <vector>

#include "services/graph/graph.kith.h"

namespace kith::graph {

struct Derived {
  Tie row;
  std::optional<TieCounts::Field> counted;
};
// The rows of `person` that a cause stands for.
std::vector<Derived> rows_of(Pair::Key const& pair, Cause const& cause, AccountId person);
// The cause that a row of ties claims to follow from.
Cause cause_of(Tie const& tie);

}  // namespace kith::graph
