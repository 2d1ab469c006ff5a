#include "ports/clock/fake.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"

namespace kith {
namespace {

using boost::asio::steady_timer;

// Leaves the list also when the sleeper is destroyed with its loop.
template <class Ends>
struct Listed {
  std::mutex& mutex;
  Ends& ends;
  typename Ends::key_type key;
  ~Listed() {
    std::lock_guard const lock(mutex);
    ends.erase(key);
  }
};

}  // namespace

Time FakeClock::now() const {
  std::lock_guard const lock(mutex_);
  return now_;
}

Duration FakeClock::monotonic() const {
  std::lock_guard const lock(mutex_);
  return monotonic_;
}

Task<void> FakeClock::sleep(Duration duration) {
  if (duration <= Duration{0}) co_return;
  auto const executor = co_await boost::asio::this_coro::executor;
  // A timer that never ends by itself: cancelling it is the waking, and a coroutine that is
  // destroyed or cancelled meanwhile is Asio's business, not ours.
  auto const timer = std::make_shared<steady_timer>(executor, steady_timer::time_point::max());
  Ends::key_type key;
  {
    std::lock_guard const lock(mutex_);
    key = {monotonic_ + duration, ++sleeps_};
    ends_.emplace(key, timer);
  }
  Listed<Ends> const listed{mutex_, ends_, key};
  auto const [failure] = co_await timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  (void)failure;
  if (monotonic() < key.first) throw Error{Code::unavailable, "The server is stopping", "a wait was cancelled"};
}

void FakeClock::advance(Duration duration) {
  std::unique_lock lock(mutex_);
  auto const end = monotonic_ + duration;
  lock.unlock();
  wake_until(end);
}

bool FakeClock::advance_to_next() {
  std::unique_lock lock(mutex_);
  if (ends_.empty()) return false;
  auto const end = ends_.begin()->first.first;
  lock.unlock();
  wake_until(end);
  return true;
}

void FakeClock::wake_until(Duration end) {
  std::lock_guard const lock(mutex_);
  if (end > monotonic_) {
    now_ += end - monotonic_;
    monotonic_ = end;
  }
  while (!ends_.empty() && ends_.begin()->first.first <= monotonic_) {
    // Posted, never called: the sleeper's loop may be another thread, and may not yet have begun to wait.
    if (auto const timer = ends_.begin()->second.lock())
      boost::asio::post(timer->get_executor(), [weak = std::weak_ptr(timer)] {
        if (auto const waiting = weak.lock()) waiting->cancel();
      });
    ends_.erase(ends_.begin());
  }
}

void FakeClock::set(Time now) {
  std::lock_guard const lock(mutex_);
  now_ = now;
}

std::size_t FakeClock::sleeping() const {
  std::lock_guard const lock(mutex_);
  return ends_.size();
}

}  // namespace kith
