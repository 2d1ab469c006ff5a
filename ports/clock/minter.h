#pragma once

// The makers of ids: by a leased worker number (servers), for imports, and for tests.

#include <atomic>
#include <memory>
#include <string>

#include "ports/clock/clock.h"
#include "ports/clock/ids.h"
#include "ports/clock/lease.h"

namespace kith {

inline constexpr std::uint64_t import_worker = 1023;
inline constexpr std::uint64_t workers_max = 1023;  // numbers for servers: 0 ... 1022

// Milliseconds since the epoch of ids and the sequence within one: what one worker counts up.
using Tick = std::uint64_t;

constexpr Tick tick_at(Time time) { return first_id_at(time) >> 22 << 12; }
constexpr std::uint64_t id_of(Tick tick, std::uint64_t worker) {
  return (tick >> 12) << 22 | worker << 12 | (tick & 0xFFF);
}
constexpr Tick tick_of(std::uint64_t id) { return (id >> 22) << 12 | (id & 0xFFF); }

// Ids of a server. Its lease is a row "ids/<worker>" with a ceiling some minutes ahead: a tick may be
// minted only below it, and whoever takes the number next begins above it, so no clock, pause or
// crash can make a double. A server that died leaves its ceiling in the future; the next one takes
// another number rather than dating ids ahead. A clock set back by more than the lead is seen in the
// ceilings of all numbers, and minting goes on above them.
class LeasedIds final : public Ids {
 public:
  struct Needs {
    Leases& leases;
    Clock& clock;
    // Whose lease it is. The embedded engine lets one process in at a time, so there one fixed name
    // does; elsewhere a name that no other process has.
    std::string holder;
  };
  // How far the ceiling and the lease's end lie ahead: the longest outage of the strict engine that
  // minting survives. Renewed after a quarter of it.
  static constexpr Duration lead = std::chrono::minutes{10};

  // Throws Error{unavailable} when all worker numbers are held.
  static Task<std::unique_ptr<LeasedIds>> open(Needs needs);

  // Some 15 ns, without a lock. A change of the wall clock is noticed within a second.
  std::uint64_t mint() override;
  // Renews the lease until it is lost or the task is cancelled. Start it once, beside everything else.
  Task<void> keep();
  // Gives the number back, with the ceiling lowered to what was minted. Nothing is minted afterwards.
  // `keep` has ended or been cancelled before.
  Task<void> close();

  std::uint64_t worker() const { return worker_; }
  explicit LeasedIds(Needs needs) : needs_(std::move(needs)) {}

 private:
  Task<bool> take(std::uint64_t worker, Lease lease, Tick begin);
  Task<bool> renew();
  Tick now_tick(Duration monotonic);

  Needs needs_;
  std::uint64_t worker_ = 0;
  Lease lease_;
  std::atomic<Tick> last_ = 0;
  std::atomic<Tick> ceiling_ = 0;
  std::atomic<std::int64_t> until_ = 0;  // monotonic microseconds
  // The wall clock is asked once a second; in between it is the monotonic one plus this.
  std::atomic<std::int64_t> wall_ahead_ = 0;
  std::atomic<std::int64_t> look_again_ = 0;
};

// Ids of what is imported: minted from the original date that `at` names last; from an earlier one
// than the id before, they just count on. Of worker 1023, so they meet no server's.
class ImportIds final : public Ids {
 public:
  // Above the ids of earlier imports, when there were any.
  explicit ImportIds(std::uint64_t last_import = 0) : last_(tick_of(last_import)) {}

  void at(Time original) { moment_ = tick_at(original); }
  std::uint64_t mint() override;

 private:
  std::atomic<Tick> moment_ = 0;
  std::atomic<Tick> last_;
};

// For tests and simulations: the same ids from the same clock, and no lease.
class ClockIds final : public Ids {
 public:
  explicit ClockIds(Clock const& clock, std::uint64_t worker = 0) : clock_(clock), worker_(worker) {}
  std::uint64_t mint() override;

 private:
  Clock const& clock_;
  std::uint64_t worker_;
  std::atomic<Tick> last_ = 0;
};

}  // namespace kith
