#include "ports/rpc/grpc/byte_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "base/into.h"

namespace kith {
namespace {

using boost::system::error_code;

constexpr auto handshake_max = std::chrono::seconds{10};

template <class Line>
class StreamOf final : public ByteStream {
 public:
  template <class... Arguments>
  explicit StreamOf(std::shared_ptr<TlsContext> context, Arguments&&... arguments)
      : context_(std::move(context)), line_(std::forward<Arguments>(arguments)...) {}

  Line& line() { return line_; }

  Task<std::size_t> read(std::span<char> to) override {
    error_code failure;
    std::size_t const got = co_await line_.async_read_some(boost::asio::buffer(to.data(), to.size()), into(failure));
    co_return failure ? 0 : got;
  }
  void write(std::string_view bytes, std::function<void(bool)> done) override {
    boost::asio::async_write(line_, boost::asio::buffer(bytes),
                             [done = std::move(done)](error_code failure, std::size_t) { done(!failure); });
  }
  void shut() override {
    error_code ignored;
    line_.lowest_layer().shutdown(Socket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    line_.lowest_layer().close(ignored);
  }
  ssl_st* tls() override {
    if constexpr (std::is_same_v<Line, Socket>)
      return nullptr;
    else
      return line_.native_handle();
  }

 private:
  std::shared_ptr<TlsContext> const context_;  // outlives the line
  Line line_;
};

using Tls = boost::asio::ssl::stream<ByteStream::Socket>;

}  // namespace

std::unique_ptr<ByteStream> plain(ByteStream::Socket socket) {
  return std::make_unique<StreamOf<ByteStream::Socket>>(nullptr, std::move(socket));
}

Task<std::unique_ptr<ByteStream>> under_tls(ByteStream::Socket socket, std::shared_ptr<ByteStream::TlsContext> context,
                                            std::string host) {
  boost::asio::steady_timer late(socket.get_executor(), handshake_max);
  // Shared with the timer, whose last word may come when this has ended.
  auto const stream = std::make_shared<std::unique_ptr<StreamOf<Tls>>>(
      std::make_unique<StreamOf<Tls>>(context, std::move(socket), *context));
  Tls& line = (*stream)->line();
  if (!host.empty()) {
    SSL_set_tlsext_host_name(line.native_handle(), host.c_str());
    SSL_set1_host(line.native_handle(), host.c_str());
  }
  late.async_wait([stream](error_code over) {
    if (!over && *stream) (*stream)->close();
  });
  error_code failure;
  co_await line.async_handshake(host.empty() ? Tls::server : Tls::client, into(failure));
  if (failure) co_return nullptr;
  co_return std::move(*stream);
}

}  // namespace kith
