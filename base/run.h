#pragma once

// Runs one task to its end on a loop of its own: for tests, tools and start-up, never in a server.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/task.h"

namespace kith {

template <class T>
T run(Task<T> task) {
  boost::asio::io_context loop(1);
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
  boost::asio::io_context loop(1);
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error) { failure = error; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace kith
