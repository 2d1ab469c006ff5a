#pragma once

// `co_await socket.async_read_some(buffer, into(failure))`: waits, and says by `failure` how it went instead of
// throwing.

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kith {

inline auto into(boost::system::error_code& failure) {
  return boost::asio::redirect_error(boost::asio::use_awaitable, failure);
}

}  // namespace kith
