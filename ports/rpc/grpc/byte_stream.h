#pragma once

// A connected socket, plain or under TLS, as a connection between processes uses it: one read and one write at a time.

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/task.h"

struct ssl_st;

namespace kith {

class ByteStream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using TlsContext = boost::asio::ssl::context;

  virtual ~ByteStream() = default;

  // Zero: it has ended, or failed.
  virtual Task<std::size_t> read(std::span<char> into) = 0;
  // All of it, which must stay until `done` is told whether it was written.
  virtual void write(std::string_view bytes, std::function<void(bool)> done) = 0;
  // No more will be written; what comes can still be read.
  virtual void shut() = 0;
  // Ends what is under way.
  virtual void close() = 0;
  // Under TLS.
  virtual ssl_st* tls() { return nullptr; }
};

std::unique_ptr<ByteStream> plain(ByteStream::Socket socket);
// Null: one of the two does not believe the other, or says nothing in time. `host`: the name that the certificate of
// who is called must hold; empty at that end itself.
Task<std::unique_ptr<ByteStream>> under_tls(ByteStream::Socket socket, std::shared_ptr<ByteStream::TlsContext> context,
                                            std::string host);

}  // namespace kith
