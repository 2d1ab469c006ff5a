#pragma once

// Runs tasks side by side on the awaiter's executor and waits for all of them; only then the first
// failure, in the order given, is thrown. A task that never suspends costs no hop. The executor
// must run one handler at a time, as every io_context of kith does. Whoever is cancelled meanwhile
// hears so afterwards: the children write into the awaiting frame.

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/task.h"

namespace kith {
namespace all_detail {

// Owned by the children alone: a loop that ends drops them, with them this, and with it who waits.
struct Join {
  std::size_t left = 1;  // one more than children, until all have begun
  std::function<void()> resume = {};

  void done() {
    if (--left == 0 && resume) std::exchange(resume, nullptr)();
  }
};

template <class T>
struct Slot {
  std::optional<T> value = {};
  std::exception_ptr failure = {};

  T take() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
};

template <class T>
void start(boost::asio::any_io_executor const& executor, Task<T> task, Slot<T>& slot, std::shared_ptr<Join> join) {
  ++join->left;
  boost::asio::co_spawn(executor, std::move(task), [&slot, join](std::exception_ptr failure, T value) {
    if (failure)
      slot.failure = failure;
    else
      slot.value.emplace(std::move(value));
    join->done();
  });
}

// Suspends until every child is done; their slots live in the awaiting frame meanwhile.
inline Task<void> settled(std::shared_ptr<Join> children) {
  std::weak_ptr<Join> const join = children;
  if (--children->left == 0) co_return;
  children.reset();
  auto const executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&join, executor](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        join.lock()->resume = [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); };
      },
      boost::asio::use_awaitable);
}

// A Task<void> as a Task of something, so that one machinery serves both.
inline Task<std::monostate> valued(Task<void> task) {
  co_await std::move(task);
  co_return std::monostate{};
}

}  // namespace all_detail

template <class T>
Task<std::vector<T>> all(std::vector<Task<T>> tasks) {
  auto const executor = co_await boost::asio::this_coro::executor;
  bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  std::vector<all_detail::Slot<T>> slots(tasks.size());
  auto join = std::make_shared<all_detail::Join>();
  for (std::size_t i = 0; i < tasks.size(); ++i) all_detail::start(executor, std::move(tasks[i]), slots[i], join);
  co_await all_detail::settled(std::move(join));
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  std::vector<T> values;
  values.reserve(slots.size());
  for (auto& slot : slots) values.push_back(slot.take());
  co_return values;
}

inline Task<void> all(std::vector<Task<void>> tasks) {
  std::vector<Task<std::monostate>> valued;
  valued.reserve(tasks.size());
  for (auto& task : tasks) valued.push_back(all_detail::valued(std::move(task)));
  co_await all(std::move(valued));
}

template <class... T>
Task<std::tuple<T...>> all(Task<T>... tasks) {
  auto const executor = co_await boost::asio::this_coro::executor;
  bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  std::tuple<all_detail::Slot<T>...> slots;
  auto join = std::make_shared<all_detail::Join>();
  std::apply([&](auto&... slot) { (all_detail::start(executor, std::move(tasks), slot, join), ...); }, slots);
  co_await all_detail::settled(std::move(join));
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  co_return std::apply([](auto&... slot) { return std::tuple<T...>{slot.take()...}; }, slots);
}

// Reads that need nothing of each other. `apart`: each may wait for another machine, so they wait side by side.
// Else they look into memory and hardly ever wait, and side by side would cost more than all of them.
template <class... T>
Task<std::tuple<T...>> gather(bool apart, Task<T>... reads) {
  if (apart) co_return co_await all(std::move(reads)...);
  co_return std::tuple<T...>{co_await std::move(reads)...};
}

}  // namespace kith
