#include "ports/clock/system.h"

#include <ctime>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"

namespace kith {
namespace {

Duration read(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} + Duration{time.tv_nsec / 1000};
}

}  // namespace

Time SystemClock::now() const { return Time{read(CLOCK_REALTIME)}; }
Duration SystemClock::monotonic() const { return read(CLOCK_MONOTONIC); }
// A third of the price: the kernel's last tick, without asking the hardware.
Duration SystemClock::monotonic_coarse() const { return read(CLOCK_MONOTONIC_COARSE); }

Task<void> SystemClock::sleep(Duration duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
  auto const [failure] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  if (failure) throw Error{Code::unavailable, "The server is stopping", "a wait was cancelled"};
}

}  // namespace kith
