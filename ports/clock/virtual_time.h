#pragma once

// Time that moves only when told, and the one loop that lives in it: for tests and the simulation.
// With `run`, time jumps to the next sleeper whenever nothing else can go on, so a retry after six
// seconds costs nothing. The same calls give the same order, always.
//
// The loop belongs to one thread; now, monotonic and sleep may be called from any (engines with
// threads of their own are tested in this time too).

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"
#include "ports/clock/clock.h"

namespace kith {

class VirtualTime final : public Clock {
 public:
  // 2026-01-02T12:00:00Z: any moment would do, but the same one always.
  static constexpr Time start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 2} + std::chrono::hours{12}};

  // `others_work`: threads beside the loop may have work under way, so an idle loop proves nothing,
  // and time moves only after a real pause.
  explicit VirtualTime(bool others_work = false) : others_work_(others_work) { begin(); }
  ~VirtualTime() override { forget(); }

  // Where those threads can say that they are at work for somebody who waits, time stands still meanwhile,
  // however long they take.
  void others_busy(std::function<bool()> busy) { busy_ = std::move(busy); }

  Time now() const override {
    std::lock_guard const lock(mutex_);
    return start + elapsed_ + shift_;
  }
  Duration monotonic() const override {
    std::lock_guard const lock(mutex_);
    return elapsed_;
  }
  Task<void> sleep(Duration duration) override {
    auto const executor = co_await boost::asio::this_coro::executor;
    auto const cancelled = std::make_shared<bool>(false);
    co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
        [this, duration, executor, cancelled](auto handler) {
          auto slot = boost::asio::get_associated_cancellation_slot(handler);
          auto held = std::make_shared<decltype(handler)>(std::move(handler));
          Place const place =
              add(duration, [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); });
          if (!slot.is_connected()) return;
          slot.assign([this, place, cancelled](boost::asio::cancellation_type) { *cancelled = wake(place); });
        },
        boost::asio::use_awaitable);
    if (*cancelled) throw Error{Code::unavailable, "The server is stopping", "a sleep was cancelled"};
  }

  // The operator sets the wall clock; monotonic time does not notice.
  void set_back(Duration by) {
    std::lock_guard const lock(mutex_);
    shift_ -= by;
  }

  // And corrects it.
  void set_right() {
    std::lock_guard const lock(mutex_);
    shift_ = Duration::zero();
  }

  boost::asio::any_io_executor executor() { return loop_->get_executor(); }

  // Runs a task to its end and all that goes on beside it. Throws Error{internal} when the task
  // waits for something that does not come within wait_max.
  template <class T>
  T run(Task<T> task) {
    // Shared, for a task given up may still end.
    auto ended = std::make_shared<Ended<T>>();
    boost::asio::co_spawn(*loop_, kept(std::move(task)), [ended](std::exception_ptr failure, std::optional<T> value) {
      ended->failure = failure;
      ended->value = std::move(value);
      ended->yes = true;
    });
    until(ended->yes);
    if (ended->failure) std::rethrow_exception(ended->failure);
    return std::move(*ended->value);
  }
  void run(Task<void> task) { run(valued(std::move(task))); }

  // Starts a task that nobody waits for; what it throws is lost.
  void spawn(Task<void> task) {
    boost::asio::co_spawn(*loop_, std::move(task), [](std::exception_ptr) {});
  }
  // All that can go on without time moving.
  void settle() {
    loop_->restart();
    auto const give_up = std::chrono::steady_clock::now() + busy_max;
    while (loop_->poll() > 0 || (others_work_ && loop_->run_one_for(pause_real) > 0) || busy(give_up)) loop_->restart();
  }
  // Moves time, waking sleepers one after another in order.
  void advance(Duration by) {
    settle();
    Duration const target = monotonic() + by;
    while (step(target)) settle();
    std::lock_guard const lock(mutex_);
    elapsed_ = target;
  }
  // One step to the next sleeper, if it is due by `latest`; false: there is none.
  bool step(Duration latest) {
    std::optional<std::function<void()>> next;
    {
      std::lock_guard const lock(mutex_);
      if (sleepers_.empty() || sleepers_.begin()->first.first > latest) return false;
      auto const first = sleepers_.begin();
      elapsed_ = std::max(elapsed_, first->first.first);
      next.emplace(std::move(first->second));
      sleepers_.erase(first);
    }
    (*next)();
    return true;
  }

  // The process died: every coroutine and timer of it is gone, unfinished. Time goes on.
  void forget() {
    std::map<Place, std::function<void()>> gone;
    {
      std::lock_guard const lock(mutex_);
      gone.swap(sleepers_);
    }
    gone.clear();
    begin();
  }

 private:
  using Place = std::pair<Duration, std::uint64_t>;
  template <class T>
  struct Ended {
    bool yes = false;
    std::exception_ptr failure = {};
    std::optional<T> value = {};
  };
  static constexpr Duration wait_max = std::chrono::minutes{10};          // retries of a handler take 26 s
  static constexpr std::chrono::milliseconds pause_real{4};               // longer than most synced writes
  static constexpr Duration step_others = std::chrono::milliseconds{50};  // while other threads may work
  static constexpr std::chrono::seconds busy_max{100};                    // longer than any engine's deadline
  static constexpr Duration creep_max = std::chrono::seconds{5};

  // Asio makes an empty value where a task throws: an optional can be empty.
  template <class T>
  static Task<std::optional<T>> kept(Task<T> task) {
    co_return co_await std::move(task);
  }
  static Task<std::monostate> valued(Task<void> task) {
    co_await std::move(task);
    co_return std::monostate{};
  }
  void begin() {
    guard_.reset();
    loop_.emplace(1);
    if (others_work_) guard_.emplace(loop_->get_executor());
  }
  Place add(Duration duration, std::function<void()> resume) {
    std::lock_guard const lock(mutex_);
    Place const place{elapsed_ + std::max(duration, Duration::zero()), ++count_};
    sleepers_.emplace(place, std::move(resume));
    return place;
  }
  bool wake(Place place) {
    std::function<void()> resume;
    {
      std::lock_guard const lock(mutex_);
      auto const found = sleepers_.find(place);
      if (found == sleepers_.end()) return false;
      resume = std::move(found->second);
      sleepers_.erase(found);
    }
    resume();
    return true;
  }
  bool busy(std::chrono::steady_clock::time_point give_up) const {
    return busy_ && busy_() && std::chrono::steady_clock::now() < give_up;
  }
  void until(bool const& done) {
    auto const give_up = std::chrono::steady_clock::now() + busy_max;
    Duration const latest = monotonic() + wait_max;
    Duration creep = step_others;
    for (;;) {
      loop_->restart();
      while (!done && loop_->poll_one() > 0) {
      }
      if (done) return;
      if (others_work_) {
        loop_->restart();
        if (loop_->run_one_for(pause_real) > 0 || busy(give_up)) continue;
        // Nothing may sleep here while another thread decides; so time creeps, the faster the longer
        // nothing happens.
        if (!step(std::min(latest, monotonic() + creep))) {
          std::lock_guard const lock(mutex_);
          // A disk under load may take longer than all of that time.
          if (elapsed_ >= latest && std::chrono::steady_clock::now() > give_up) break;
          elapsed_ = std::max(elapsed_, std::min(elapsed_ + creep, latest));
          creep = std::min(creep * 2, creep_max);
        } else {
          creep = step_others;
        }
        continue;
      }
      if (!step(latest)) break;
    }
    throw Error{Code::internal, "A task waits for something that never comes"};
  }

  bool const others_work_;
  std::function<bool()> busy_;
  mutable std::mutex mutex_;
  Duration elapsed_{};
  Duration shift_{};
  std::uint64_t count_ = 0;
  std::map<Place, std::function<void()>> sleepers_;
  std::optional<boost::asio::io_context> loop_;
  // A loop that waits for other threads' work is not at its end.
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
};

}  // namespace kith
