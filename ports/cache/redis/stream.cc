#include "ports/cache/redis/stream.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <functional>

#include "base/error.h"
#include "base/into.h"

namespace kith::redis {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

[[noreturn]] void failed(std::string why) {
  throw Error{Code::unavailable, "The cache is not available", std::move(why)};
}

template <class Line>
class StreamOf final : public Stream {
 public:
  template <class... Arguments>
  explicit StreamOf(std::shared_ptr<TlsContext> tls, Arguments&&... arguments)
      : tls_(std::move(tls)), line_(std::forward<Arguments>(arguments)...) {}

  Line& line() { return line_; }

  Task<std::size_t> read(boost::asio::mutable_buffer buffer, error_code& failure) override {
    co_return co_await line_.async_read_some(buffer, into(failure));
  }
  Task<void> write(boost::asio::const_buffer bytes, error_code& failure) override {
    co_await boost::asio::async_write(line_, bytes, into(failure));
  }
  void close() override {
    error_code ignored;
    line_.lowest_layer().close(ignored);
  }

 private:
  std::shared_ptr<TlsContext> tls_;  // outlives the line
  Line line_;
};

// Ends what is under way when its time is over.
class Watch {
 public:
  Watch(boost::asio::any_io_executor const& loop, Deadline deadline, std::function<void()> end)
      : timer_(loop, deadline), over_(std::make_shared<bool>(false)) {
    timer_.async_wait([over = over_, end = std::move(end)](error_code failure) {
      if (failure || *over) return;
      *over = true;
      end();
    });
  }
  ~Watch() { *over_ = true; }
  Watch(Watch const&) = delete;

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> over_;
};

Task<tcp::socket> connected(boost::asio::any_io_executor loop, Place place, Deadline deadline) {
  error_code failure;
  tcp::resolver resolver(loop);
  tcp::socket socket(loop);
  bool late = false;
  {
    Watch watch(loop, deadline, [&] {
      late = true;
      resolver.cancel();
      error_code ignored;
      socket.close(ignored);
    });
    auto const found = co_await resolver.async_resolve(place.host, std::to_string(place.port), into(failure));
    if (!failure && !late) co_await boost::asio::async_connect(socket, found, into(failure));
  }
  if (late) failed("no answer in time");
  if (failure) failed(failure.message());
  socket.set_option(tcp::no_delay(true), failure);
  co_return socket;
}

}  // namespace

std::shared_ptr<TlsContext> client_tls(TlsFiles const& files) {
  auto const refuse = [](std::string const& file, char const* setting, error_code const& failure) {
    if (failure) throw Error{Code::unavailable, "Cannot use " + file + " (" + setting + "): " + failure.message()};
  };
  auto context = std::make_shared<TlsContext>(TlsContext::tls_client);
  context->set_options(TlsContext::default_workarounds | TlsContext::no_tlsv1 | TlsContext::no_tlsv1_1);
  context->set_verify_mode(boost::asio::ssl::verify_peer);
  error_code failure;
  if (files.authority.empty())
    context->set_default_verify_paths(failure);
  else
    context->load_verify_file(files.authority, failure);
  refuse(files.authority, "redis_tls_authority", failure);
  if (!files.certificate.empty()) {
    context->use_certificate_chain_file(files.certificate, failure);
    refuse(files.certificate, "redis_tls_certificate", failure);
    context->use_private_key_file(files.key, TlsContext::pem, failure);
    refuse(files.key, "redis_tls_key", failure);
  }
  return context;
}

Task<std::unique_ptr<Stream>> open_stream(boost::asio::any_io_executor loop, Place place,
                                          std::shared_ptr<TlsContext> tls, Deadline deadline) {
  tcp::socket socket = co_await connected(loop, place, deadline);
  if (!tls) co_return std::make_unique<StreamOf<tcp::socket>>(nullptr, std::move(socket));
  auto stream = std::make_unique<StreamOf<boost::asio::ssl::stream<tcp::socket>>>(tls, std::move(socket), *tls);
  auto& line = stream->line();
  line.set_verify_callback(boost::asio::ssl::host_name_verification(place.host));
  error_code failure;
  boost::asio::ip::make_address(place.host, failure);
  if (failure) SSL_set_tlsext_host_name(line.native_handle(), place.host.c_str());  // an address is no name
  failure = {};
  bool late = false;
  {
    Watch watch(loop, deadline, [&] {
      late = true;
      stream->close();
    });
    co_await line.async_handshake(boost::asio::ssl::stream_base::client, into(failure));
  }
  if (late) failed("no answer in time");
  if (failure) failed("TLS: " + failure.message());
  co_return stream;
}

}  // namespace kith::redis
