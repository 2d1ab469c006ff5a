#pragma once

// Task<T>: a coroutine that yields one T or throws an Error. It runs on the executor of whoever
// awaits it; a function that returns a Task takes its parameters by value, or references to
// services and ports that outlive it.

#include <boost/asio/awaitable.hpp>

namespace kith {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace kith
