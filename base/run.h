#pragma once

// Runs one task to its end on a loop of its own: for tests, tools and start-up, never in a server.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/task.h"

namespace kith {
namespace run_detail {

// Whoever wakes the task from another thread may still be at the loop when the task has ended, and when the
// thread that ran it has. So a loop is not destroyed with the call, but kept for the next one.
class Loop {
 public:
  Loop() {
    std::lock_guard const lock(kept().mutex);
    if (kept().loops.empty()) kept().loops.push_back(std::make_unique<boost::asio::io_context>(1));
    loop_ = std::move(kept().loops.back());
    kept().loops.pop_back();
    loop_->restart();
  }
  ~Loop() {
    std::lock_guard const lock(kept().mutex);
    kept().loops.push_back(std::move(loop_));
  }
  Loop(Loop const&) = delete;
  boost::asio::io_context& operator*() { return *loop_; }

 private:
  struct Kept {
    std::mutex mutex;
    std::vector<std::unique_ptr<boost::asio::io_context>> loops;
  };
  static Kept& kept() {
    static Kept& all = *new Kept;  // to the end of the process
    return all;
  }
  std::unique_ptr<boost::asio::io_context> loop_;
};

}  // namespace run_detail

template <class T>
T run(Task<T> task) {
  run_detail::Loop kept;
  boost::asio::io_context& loop = *kept;
  std::exception_ptr failure;
  std::optional<T> value;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T result) {
    failure = error;
    if (!error) value.emplace(std::move(result));
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  check(value.has_value(), "a task that was run to its end has a value");
  return std::move(*value);
}

inline void run(Task<void> task) {
  run_detail::Loop kept;
  boost::asio::io_context& loop = *kept;
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error) { failure = error; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace kith
