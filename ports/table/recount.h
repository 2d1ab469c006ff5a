#pragma once

// Numbers beside the rows that they count, held against them by a rebuild.

#include "ports/table/tables.h"
#include "ports/table/walk.h"

namespace kith::keeper {

// Whether the row of counts differed from what `counted` finds now; where the walk heals, it is right
// afterwards. Every commit that changes what is counted changes the counts too, so while they stand still
// so does it; a try that somebody else's change ran into is made again, ten times at most, then left.
// `counted` makes a Task<Counts>, `same` compares the numbers alone.
template <class Counts, class Counted>
Task<bool> recount(Tables& tables, Walk const& walk, typename Counts::Key key, Counted counted,
                   bool (*same)(Counts const&, Counts const&)) {
  constexpr int attempts_max = 10;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const there = co_await tables.get<Counts>(key);
    Counts const right = co_await counted();
    if (same(there ? *there : Counts{}, right)) co_return false;
    if (walk.heals()) {
      Change change;
      change.replace(there, right);
      auto const committed = co_await tables.commit(std::move(change));
      if (committed.conflict()) continue;
    } else {
      auto const still = co_await tables.get<Counts>(key);
      if (still.version() != there.version()) continue;
    }
    co_return true;
  }
  co_return false;
}

}  // namespace kith::keeper
