#include "gateway/http/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <optional>

#include "base/file_watch.h"
#include "base/log.h"
#include "gateway/http/connection.h"

namespace kith {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

// Where a process without file descriptors waits for some.
constexpr auto accept_pause = std::chrono::milliseconds{100};

// Said on the loop that accepts, without reading the request: the cheapest refusal there is.
std::string const full = [] {
  std::string const body =
      R"({"error":"The server has more connections than it can serve: please try again in a moment"})";
  return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: application/json; charset=utf-8\r\n"
         "Access-Control-Allow-Origin: *\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}();

struct Place {
  std::string host;
  std::uint16_t port = 0;
};

Place place_of(std::string const& text) {
  auto const wrong = [&text] {
    return Error{Code::invalid, "\"" + text + "\" is no address to listen on: write HOST:PORT, such as 127.0.0.1:8080"};
  };
  auto const colon = text.rfind(':');
  if (colon == std::string::npos) throw wrong();
  Place place{text.substr(0, colon), 0};
  auto const digits = std::string_view(text).substr(colon + 1);
  auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), place.port);
  if (digits.empty() || failure != std::errc{} || end != digits.data() + digits.size()) throw wrong();
  bool const bracketed = place.host.starts_with('[') && place.host.ends_with(']');
  if (bracketed) place.host = place.host.substr(1, place.host.size() - 2);
  if (!bracketed && place.host.find(':') != std::string::npos) throw wrong();
  if (place.host == "*") place.host.clear();
  return place;
}

std::vector<tcp::endpoint> endpoints_of(std::string const& text, asio::io_context& loop) {
  auto const place = place_of(text);
  if (place.host.empty()) return {tcp::endpoint(tcp::v4(), place.port), tcp::endpoint(tcp::v6(), place.port)};
  boost::system::error_code failure;
  auto const address = asio::ip::make_address(place.host, failure);
  if (!failure) return {tcp::endpoint(address, place.port)};
  tcp::resolver resolver(loop);
  auto const found = resolver.resolve(place.host, std::to_string(place.port), tcp::resolver::passive, failure);
  std::vector<tcp::endpoint> endpoints;
  for (auto const& entry : found) endpoints.push_back(entry.endpoint());
  if (failure || endpoints.empty())
    throw Error{Code::invalid,
                "The host of \"" + text + "\" is not known: write HOST:PORT with an address of this machine",
                failure.message()};
  return endpoints;
}

Error listening_failed(std::string const& text, boost::system::error_code failure) {
  if (failure == asio::error::address_in_use)
    return {Code::unavailable, text + " is in use by another program: stop it, or listen on another port"};
  if (failure == asio::error::access_denied)
    return {Code::unavailable, "This user may not listen on " + text + ": choose a port above 1023"};
  if (failure == boost::system::errc::address_not_available)
    return {Code::unavailable, text + " is not an address of this machine"};
  return {Code::unavailable, "Listening on " + text + " failed: " + failure.message()};
}

Acceptor listening(tcp::endpoint const& endpoint, std::string const& text, asio::io_context& loop) {
  boost::system::error_code failure;
  Acceptor acceptor(loop);
  auto const then = [&failure](auto&& act) {
    if (!failure) act();
  };
  acceptor.open(endpoint.protocol(), failure);
  then([&] { acceptor.set_option(tcp::acceptor::reuse_address(true), failure); });
  if (endpoint.address().is_v6()) then([&] { acceptor.set_option(asio::ip::v6_only(true), failure); });
  then([&] { acceptor.bind(endpoint, failure); });
  then([&] { acceptor.listen(asio::socket_base::max_listen_connections, failure); });
  if (failure) throw listening_failed(text, failure);
  return acceptor;
}

}  // namespace

struct Server::State {
  State(Edge& edge, Metrics& metrics, ServerSettings given)
      : shared{.edge = edge,
               .settings = std::move(given),
               .timeouts = metrics.counter("kith_http_timeouts_total", "Connections whose client was too slow"),
               .overloads = metrics.counter("kith_http_overloads_total", "Requests and connections refused by load"),
               .unanswered = metrics.counter("kith_http_unanswered_total", "Requests whose handler took too long"),
               .open = metrics.gauge("kith_http_connections", "Open connections", labels()),
               .running = metrics.gauge("kith_http_requests_running", "Requests being answered", labels())} {}

  // Two servers, one of them with TLS, have gauges of their own.
  Metrics::Labels labels() const { return {{"tls", shared.settings.certificate.empty() ? "no" : "yes"}}; }

  Shared shared;
  std::atomic<std::shared_ptr<TlsContext>> tls;  // null without TLS; replaced when its files are
  std::optional<FileWatch> tls_files;
  std::vector<std::unique_ptr<Hub>> hubs;
  std::size_t turn = 0;  // used on the first loop only
  // Owned by the coroutines that accept, so that they end with their loop.
  std::vector<std::weak_ptr<Acceptor>> acceptors;
  std::uint16_t port = 0;

  // Connections that are open keep what they began with.
  void take_new_certificate() {
    auto const& settings = shared.settings;
    try {
      tls.store(tls_context(settings.certificate, settings.key));
      log(LogLevel::info, "a new certificate is used", {{"file", settings.certificate}});
    } catch (Error const& error) {
      log(LogLevel::warn, "the new certificate is not used: the one before stays",
          {{"trouble", error.say}, {"detail", error.detail}});
    }
  }
  void begin(asio::io_context& loop, Task<void> task) {
    shared.tasks.fetch_add(1);
    asio::co_spawn(loop, std::move(task), [this](std::exception_ptr) { shared.tasks.fetch_sub(1); });
  }
  Task<void> accept(std::shared_ptr<Acceptor> acceptor);
  void hand_over(Hub& hub, Socket socket);
};

void Server::State::hand_over(Hub& hub, Socket socket) {
  auto held = std::make_shared<Socket>(std::move(socket));
  asio::post(hub.loop, [this, &hub, held] { serve(hub, std::move(*held), tls.load().get()); });
}

Task<void> Server::State::accept(std::shared_ptr<Acceptor> acceptor) {
  auto const plain_errors = asio::as_tuple(asio::use_awaitable);
  while (acceptor->is_open()) {
    auto& hub = *hubs[turn++ % hubs.size()];
    Socket socket(hub.loop);
    auto const [failure] = co_await acceptor->async_accept(socket, plain_errors);
    if (shared.stopping || failure == asio::error::operation_aborted) co_return;
    if (failure) {
      log(LogLevel::warn, "a connection could not be accepted", {{"trouble", failure.message()}});
      asio::steady_timer pause(acceptor->get_executor(), accept_pause);
      co_await pause.async_wait(plain_errors);
      continue;
    }
    if (shared.connections >= shared.settings.connections_max) {
      shared.overloads.add();
      boost::system::error_code ignored;
      socket.non_blocking(true, ignored);
      if (!tls.load()) socket.write_some(asio::buffer(full), ignored);
      socket.shutdown(Socket::shutdown_both, ignored);
      continue;
    }
    shared.connections.fetch_add(1);
    hand_over(hub, std::move(socket));
  }
}

Server::Server(Edge& edge, Metrics& metrics, ServerSettings settings)
    : state_(std::make_unique<State>(edge, metrics, std::move(settings))) {}
Server::~Server() = default;

void Server::start(Loops& loops) {
  auto const& settings = state_->shared.settings;
  if (!settings.certificate.empty() || !settings.key.empty()) {
    std::vector<std::string> files{settings.certificate, settings.key};
    auto const every = std::chrono::ceil<std::chrono::milliseconds>(settings.tick);
    state_->tls_files.emplace(std::move(files), [state = state_.get()] { state->take_new_certificate(); }, every);
    state_->tls.store(tls_context(settings.certificate, settings.key));
  }

  std::vector<std::shared_ptr<Acceptor>> acceptors;
  for (auto const& text : settings.listen) {
    for (auto const& endpoint : endpoints_of(text, loops.at(0))) {
      try {
        acceptors.push_back(std::make_shared<Acceptor>(listening(endpoint, text, loops.at(0))));
      } catch (Error const&) {
        // A machine without IPv6 still listens on "every address" and on "localhost".
        bool const spare = endpoint.address().is_v6() && !acceptors.empty() && text.find('[') == std::string::npos;
        if (!spare) throw;
      }
    }
  }
  if (acceptors.empty()) throw Error{Code::invalid, "There is no address to listen on"};
  state_->port = acceptors.front()->local_endpoint().port();

  for (std::size_t i = 0; i < loops.size(); ++i) {
    state_->hubs.push_back(std::make_unique<Hub>(state_->shared, loops.at(i)));
    state_->begin(loops.at(i), state_->hubs.back()->watch());
  }
  for (auto& acceptor : acceptors) {
    state_->acceptors.push_back(acceptor);
    state_->begin(loops.at(0), state_->accept(std::move(acceptor)));
  }
}

std::uint16_t Server::port() const { return state_->port; }
bool Server::stopping() const { return state_->shared.stopping; }
std::size_t Server::connections() const { return state_->shared.connections; }

void Server::drain() { state_->shared.draining = true; }

bool Server::stop(Duration grace) {
  auto& shared = state_->shared;
  if (shared.stopping.exchange(true)) return shared.connections == 0;
  if (!state_->hubs.empty())
    asio::post(state_->hubs.front()->loop, [acceptors = state_->acceptors] {
      for (auto const& weak : acceptors)
        if (auto const acceptor = weak.lock()) acceptor->close();
    });
  auto const close = [this](bool idle_only) {
    for (auto& hub : state_->hubs) asio::post(hub->loop, [&hub = *hub, idle_only] { hub.close(idle_only); });
  };
  auto const within = [](Duration time, std::atomic<std::size_t> const& left) {
    auto const until = std::chrono::steady_clock::now() + time;
    while (left > 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    return left == 0;
  };
  close(true);
  bool const clean = within(grace, shared.connections);
  if (!clean) close(false);
  bool const gone = clean || within(std::chrono::seconds{1}, shared.connections);
  // Nothing of ours runs on the loops when this returns, unless a handler does not end at all.
  for (auto& hub : state_->hubs) asio::post(hub->loop, [&hub = *hub] { hub.end(); });
  if (gone) within(std::chrono::seconds{1}, shared.tasks);
  return clean;
}

}  // namespace kith
