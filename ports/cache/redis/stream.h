#pragma once

// The line to a server, plain or with TLS. It belongs to one loop.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/task.h"
#include "ports/cache/redis/slots.h"

namespace kith::redis {

// When to give up: by the machine's own clock, for servers know no other.
using Deadline = std::chrono::steady_clock::time_point;
using TlsContext = boost::asio::ssl::context;

struct TlsFiles {
  std::string authority;         // whom to trust; empty: whom the system trusts
  std::string certificate, key;  // who we are; empty: nobody
};
// Throws Error{unavailable} with a sentence that names the setting.
std::shared_ptr<TlsContext> client_tls(TlsFiles const& files);

class Stream {
 public:
  virtual ~Stream() = default;
  // As much as there is; 0 and a failure at the end. One of each at a time.
  virtual Task<std::size_t> read(boost::asio::mutable_buffer into, boost::system::error_code& failure) = 0;
  virtual Task<void> write(boost::asio::const_buffer bytes, boost::system::error_code& failure) = 0;
  virtual void close() = 0;
};

// Throws Error{unavailable}, whose detail says why it did not come about before the deadline.
Task<std::unique_ptr<Stream>> open_stream(boost::asio::any_io_executor loop, Place place,
                                          std::shared_ptr<TlsContext> tls, Deadline deadline);

}  // namespace kith::redis
