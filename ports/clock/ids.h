#pragma once

// New ids: 41 bits of milliseconds since 2020, 10 of the worker, 12 of a sequence. One sequence for
// all kinds; mint = max(now, last + 1), so a clock set back makes no doubles. The worker number is
// leased; nothing is minted after the lease's end, and a ceiling written ahead is never passed back
// over restarts. Worker 1023 is for imports, which mint from the original date.

#include "base/id.h"
#include "base/time.h"

namespace kith {

class Ids {
 public:
  virtual ~Ids() = default;

  // Throws Error{unavailable} when the lease is over. Any thread.
  virtual std::uint64_t mint() = 0;

  template <class IdType>
  IdType mint_as() {
    return IdType{mint()};
  }
};

inline constexpr Time id_epoch{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};

// The moment an id was minted for, in whole milliseconds.
constexpr Time time_of_id(std::uint64_t id) {
  return id_epoch + std::chrono::milliseconds{static_cast<std::int64_t>(id >> 22)};
}
// The smallest id of a moment, for scans by time.
constexpr std::uint64_t first_id_at(Time time) {
  auto const ms = std::chrono::floor<std::chrono::milliseconds>(time - id_epoch).count();
  return ms <= 0 ? 0 : static_cast<std::uint64_t>(ms) << 22;
}

}  // namespace kith
