#pragma once

// A coroutine that waits until another thread wakes it. Many that wait on one executor are woken by
// one post: a wake-up between threads costs more than most of what is waited for.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>
#include <vector>

#include "base/task.h"

namespace kith::rocks {

struct Parked {
  boost::asio::any_io_executor executor = {};
  std::move_only_function<void()> resume = {};
};

// Suspends, then calls `begin`, from which on it may be woken. `parked` lives until then.
template <class Begin>
Task<void> park(Parked& parked, Begin begin) {
  parked.executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&parked, &begin](auto handler) {
        parked.resume = [held = std::move(handler)]() mutable { std::move(held)(); };
        begin();
      },
      boost::asio::use_awaitable);
}

// Collects who is to be woken; `wake` posts once to each executor. What was parked may be gone then.
class Wakes {
 public:
  void add(Parked& parked) {
    for (auto& group : groups_)
      if (group.executor == parked.executor) {
        group.resume.push_back(std::move(parked.resume));
        return;
      }
    groups_.push_back({std::move(parked.executor), {}});
    groups_.back().resume.push_back(std::move(parked.resume));
  }
  void wake() {
    for (auto& group : groups_)
      boost::asio::post(group.executor, [all = std::move(group.resume)]() mutable {
        for (auto& resume : all) resume();
      });
    groups_.clear();
  }

 private:
  struct Group {
    boost::asio::any_io_executor executor;
    std::vector<std::move_only_function<void()>> resume;
  };
  std::vector<Group> groups_;
};

}  // namespace kith::rocks
