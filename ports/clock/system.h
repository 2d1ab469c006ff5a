#pragma once

// The machine's clocks and Asio's timers.

#include "ports/clock/clock.h"

namespace kith {

class SystemClock final : public Clock {
 public:
  Time now() const override;
  Duration monotonic() const override;
  Duration monotonic_coarse() const override;
  Task<void> sleep(Duration duration) override;
};

}  // namespace kith
