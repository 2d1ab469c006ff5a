#include "ports/log/caught_up.h"

#include <algorithm>

namespace kith {

Task<void> caught_up(Log& log) {
  // Until a whole round finds nothing waiting.
  for (bool waiting = true; waiting;) {
    for (Lag const& lag : co_await log.lag()) co_await log.caught_up(lag.group);
    auto const lags = co_await log.lag();
    waiting = std::ranges::any_of(lags, [](Lag const& lag) { return lag.waiting > 0; });
  }
}

}  // namespace kith
