#pragma once

// A clock that stands still until it is moved: for tests and simulations. Who sleeps is woken when
// the clock is moved past the end of the sleep, in the order of the ends, on their own executor.

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "ports/clock/clock.h"

namespace kith {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time now = Time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}}) : now_(now) {}

  Time now() const override;
  Duration monotonic() const override;
  Task<void> sleep(Duration duration) override;

  void advance(Duration duration);
  // To the end of the sleep that ends first; false when nobody sleeps.
  bool advance_to_next();
  // The operator sets the wall clock, forward or back; nobody's sleep ends by it.
  void set(Time now);
  std::size_t sleeping() const;

 private:
  // By end, then by who came first.
  using Ends = std::map<std::pair<Duration, std::uint64_t>, std::weak_ptr<boost::asio::steady_timer>>;
  void wake_until(Duration end);

  mutable std::mutex mutex_;
  Time now_;
  Duration monotonic_{0};
  std::uint64_t sleeps_ = 0;
  Ends ends_;
};

}  // namespace kith
