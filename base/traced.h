#pragma once

// Runs a task under a span: whatever it does, on whichever executor handlers of it wait, finds the span as
// `Span::here`. A coroutine goes on by its executor, so this one tells each of its steps, and all that the task spawns
// on `this_coro::executor`, whose they are. Only sampled work pays for it.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/task.h"
#include "base/trace.h"

namespace kith {
namespace traced_detail {

class Executor {
 public:
  Executor(boost::asio::any_io_executor inner, std::shared_ptr<TraceHere const> place) noexcept
      : inner_(std::move(inner)), place_(std::move(place)) {}

  template <class Function>
  void execute(Function&& function) const {
    inner_.execute([place = place_, function = std::forward<Function>(function)]() mutable {
      struct Scope {
        TraceHere const* before;
        ~Scope() { Span::here = before; }
      } const scope{std::exchange(Span::here, place.get())};
      std::move(function)();
    });
  }

  template <class Property>
    requires boost::asio::can_query_v<boost::asio::any_io_executor const&, Property>
  decltype(auto) query(Property const& property) const {
    return boost::asio::query(inner_, property);
  }
  template <class Property>
    requires boost::asio::can_require_v<boost::asio::any_io_executor const&, Property>
  Executor require(Property const& property) const {
    return {boost::asio::require(inner_, property), place_};
  }
  template <class Property>
    requires boost::asio::can_prefer_v<boost::asio::any_io_executor const&, Property>
  Executor prefer(Property const& property) const {
    return {boost::asio::prefer(inner_, property), place_};
  }
  friend bool operator==(Executor const& a, Executor const& b) noexcept {
    return a.inner_ == b.inner_ && a.place_ == b.place_;
  }

 private:
  boost::asio::any_io_executor inner_;
  std::shared_ptr<TraceHere const> place_;
};

// co_spawn wants a value to fall back to.
template <class T>
Task<std::optional<T>> held(Task<T> task) {
  co_return co_await std::move(task);
}

template <class T>
Task<T> under(std::shared_ptr<TraceHere const> place, Task<T> task) {
  Executor const executor(co_await boost::asio::this_coro::executor, std::move(place));
  // The end of the task may resume us within its last step, which is another's place.
  struct Return {
    TraceHere const* before = Span::here;
    ~Return() { Span::here = before; }
  } const to_before;
  if constexpr (std::is_void_v<T> || std::is_default_constructible_v<T>)
    co_return co_await boost::asio::co_spawn(executor, std::move(task), boost::asio::use_awaitable);
  else
    co_return *co_await boost::asio::co_spawn(executor, held(std::move(task)), boost::asio::use_awaitable);
}

}  // namespace traced_detail

// An empty span changes nothing and costs nothing.
template <class T>
Task<T> under(Span const& span, Task<T> task) {
  if (!span) return task;
  return traced_detail::under(std::make_shared<TraceHere const>(span.place()), std::move(task));
}

}  // namespace kith
