#include "ports/clock/minter.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "base/error.h"

namespace kith {
namespace {

constexpr Duration wall_clock_every = std::chrono::seconds{1};
// Rows of worker numbers are read so many at once; numbers are taken from the lowest up, so the
// first one that nobody ever held ends the search.
constexpr std::uint64_t looked_at_once = 64;
// Two starters may want the same number; the loser looks again.
constexpr int tries_max = 10;

// max(now, last + 1), and below the ceiling; zero when that cannot be.
Tick count_up(std::atomic<Tick>& last, Tick now, Tick ceiling) {
  Tick before = last.load(std::memory_order_relaxed);
  Tick next = 0;
  do {
    next = std::max(now, before + 1);
    if (next >= ceiling) return 0;
  } while (!last.compare_exchange_weak(before, next, std::memory_order_relaxed));
  return next;
}

constexpr Tick no_ceiling = Tick{1} << 53;

std::string name_of_worker(std::uint64_t worker) { return "ids/" + std::to_string(worker); }

bool free(Lease const& lease, std::string const& holder, Time now) {
  return lease.holder.empty() || lease.holder == holder || lease.until <= now;
}

}  // namespace

Task<std::unique_ptr<LeasedIds>> LeasedIds::open(Needs needs) {
  auto ids = std::make_unique<LeasedIds>(std::move(needs));
  for (int tries = 0; tries < tries_max; ++tries) {
    Time const now = ids->needs_.clock.now();
    std::optional<std::pair<std::uint64_t, Lease>> best;  // free, and the lowest ceiling
    Tick begin = tick_at(now);
    bool ended = false;
    for (std::uint64_t from = 0; from < workers_max && !ended; from += looked_at_once) {
      std::vector<std::string> names;
      for (std::uint64_t worker = from; worker < std::min(from + looked_at_once, workers_max); ++worker)
        names.push_back(name_of_worker(worker));
      auto const leases = co_await ids->needs_.leases.look(std::move(names));
      for (std::uint64_t i = 0; i < leases.size() && !ended; ++i) {
        Lease const& lease = leases[i];
        ended = lease.version == 0;
        // A number given back says exactly what was minted; one that was not says at most, unless only
        // a clock that ran further than ours does now can have written it.
        bool const exact = lease.holder.empty();
        if (exact || lease.ceiling > tick_at(now + lead + lead)) begin = std::max(begin, lease.ceiling);
        if (free(lease, ids->needs_.holder, now) &&
            (!best || (best->second.ceiling > tick_at(now) && lease.ceiling < best->second.ceiling)))
          best = std::pair(from + i, lease);
      }
    }
    if (!best) break;
    if (co_await ids->take(best->first, best->second, begin)) co_return ids;
  }
  throw Error{Code::unavailable, "No worker number is free for this process",
              "all of the leases ids/0 ... ids/1022 are held by others"};
}

Task<bool> LeasedIds::take(std::uint64_t worker, Lease lease, Tick begin) {
  worker_ = worker;
  last_ = std::max(begin, lease.ceiling);
  lease_ = std::move(lease);
  lease_.holder = needs_.holder;
  return renew();
}

Task<bool> LeasedIds::renew() {
  // Both clocks are read before the row is written: the lease is never thought longer than it is.
  Time const now = needs_.clock.now();
  Duration const end = needs_.clock.monotonic() + lead;
  Lease wanted = lease_;
  wanted.until = now + lead;
  Tick const from = std::max(tick_at(now), last_.load());
  wanted.ceiling = std::max(wanted.ceiling, from + (tick_at(now + lead) - tick_at(now)));
  auto const taken = co_await needs_.leases.put(std::move(wanted));
  if (!taken) {
    ceiling_ = 0;
    co_return false;
  }
  lease_ = *taken;
  ceiling_ = taken->ceiling;
  until_ = end.count();
  co_return true;
}

Tick LeasedIds::now_tick(Duration monotonic) {
  if (monotonic.count() >= look_again_.load(std::memory_order_relaxed)) {
    wall_ahead_ = (needs_.clock.now().time_since_epoch() - monotonic).count();
    look_again_ = (monotonic + wall_clock_every).count();
  }
  return tick_at(Time{monotonic + Duration{wall_ahead_.load(std::memory_order_relaxed)}});
}

std::uint64_t LeasedIds::mint() {
  Duration const monotonic = needs_.clock.monotonic_coarse();
  if (monotonic.count() < until_.load(std::memory_order_relaxed)) [[likely]]
    if (Tick const tick = count_up(last_, now_tick(monotonic), ceiling_.load(std::memory_order_relaxed))) [[likely]]
      return id_of(tick, worker_);
  throw Error{Code::unavailable, "The server cannot accept changes right now",
              "the lease of worker number " + std::to_string(worker_) + " is over"};
}

Task<void> LeasedIds::keep() {
  // Only a sleep may end early: a renewal that is left half-way has written the row, and the lease here is then of
  // a version that nobody has any more.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  auto const state = co_await boost::asio::this_coro::cancellation_state;
  bool reached = true;
  while (state.cancelled() == boost::asio::cancellation_type::none) {
    co_await needs_.clock.sleep(reached ? lead / 4 : lead / 100);
    bool held = true;
    try {
      held = co_await renew();
      reached = true;
    } catch (Error const&) {
      reached = false;  // minting goes on until the lease's end; the next try may come through
    }
    if (!held) co_return;
  }
}

Task<void> LeasedIds::close() {
  ceiling_ = 0;
  until_ = 0;
  Lease wanted = lease_;
  wanted.holder.clear();
  wanted.until = no_time;
  // A millisecond more than was minted: another thread may be in the midst of minting.
  wanted.ceiling = std::max(last_.load(), tick_at(needs_.clock.now())) + (1 << 12);
  co_await needs_.leases.put(std::move(wanted));
}

std::uint64_t ImportIds::mint() {
  return id_of(count_up(last_, moment_.load(std::memory_order_relaxed), no_ceiling), import_worker);
}

std::uint64_t ClockIds::mint() { return id_of(count_up(last_, tick_at(clock_.now()), no_ceiling), worker_); }

}  // namespace kith
