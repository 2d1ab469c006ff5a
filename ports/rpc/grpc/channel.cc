#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/loops.h"
#include "ports/rpc/grpc/grpc.h"
#include "ports/rpc/grpc/peers.h"
#include "ports/rpc/grpc/words.h"
#include "ports/rpc/headers.h"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;
using How = GrpcEnd::How;
using Status = grpc_words::Status;

// A process that has just come back is connected again within this time; one that is away is not waited for longer.
constexpr auto line_wait_max = std::chrono::seconds{1};

Error failure_of(GrpcEnd const& end, std::string_view method) {
  if (auto const code = parse_code(end.code)) return {*code, end.message, {}, end.fields};

  std::string detail = "rpc " + std::string(method) + ": " + end.message;
  if (end.how == How::unsent) return {Code::unavailable, "A part of this server is not available", std::move(detail)};
  bool const ours =
      end.status == Status::resource_exhausted || end.status == Status::unimplemented || end.status == Status::internal;
  if (end.how == How::answered && ours) return {Code::internal, "Something went wrong on our side", std::move(detail)};
  return {Code::unknown, "A part of this server did not answer", std::move(detail)};
}

void check_time(Call const& call, std::string_view method) {
  if (call.deadline != no_time && call.deadline <= std::chrono::system_clock::now())
    throw Error{Code::unavailable, "There was no time left for this", "rpc " + std::string(method)};
}

bool does_nothing_twice(Call const& call, RpcMethod method) {
  return method.repeat == Repeat::reads || (method.repeat == Repeat::idempotent && call.operation != 0);
}

// A loop with a thread, for a channel that was given none.
class OwnLoop {
 public:
  OwnLoop() : thread_([this] { loop_.run(); }) {}
  ~OwnLoop() {
    loop_.stop();
    thread_.join();
  }
  boost::asio::any_io_executor executor() { return loop_.get_executor(); }

 private:
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{loop_.get_executor()};
  std::thread thread_;
};

}  // namespace

struct GrpcChannel::Inside {
  std::shared_ptr<GrpcPeers> peers;
  using Executors = std::vector<boost::asio::any_io_executor>;
  std::mutex mutex = {};
  std::shared_ptr<Executors const> loops = std::make_shared<Executors const>();
  std::size_t turn = 0;
  std::optional<OwnLoop> own = {};

  explicit Inside(Settings settings) : peers(GrpcPeers::make(std::move(settings))) {}

  struct Place {
    std::size_t loop;
    std::shared_ptr<Executors const> loops;
    bool here;
    boost::asio::any_io_executor const& executor() const { return (*loops)[loop]; }
  };
  // The caller's own loop if it is one of ours, else one in turn.
  Place place_of(boost::asio::any_io_executor const& caller) {
    std::lock_guard const lock(mutex);
    for (std::size_t i = 0; i < loops->size(); ++i)
      if (on_one_loop((*loops)[i], caller)) return {i, loops, true};
    if (loops->empty()) add({own.emplace().executor()});
    return {turn++ % loops->size(), loops, false};
  }
  void add(Executors const& more) {
    auto all = std::make_shared<Executors>(*loops);
    all->insert(all->end(), more.begin(), more.end());
    loops = std::move(all);
  }

  void note(GrpcPeers::Peer& peer, How how) {
    switch (how) {
      case How::answered:
      case How::given_up: return peers->answered(peer);
      case How::turned_away: return peers->turned_away(peer);
      case How::unsent: return;  // whether it is back is asked now and then
      case How::lost:
      case How::late: return peers->lost(peer);
    }
  }

  static Task<GrpcEnd> once(GrpcPeers::Choice choice, Call call, std::string_view method, std::string request,
                            Clock::time_point until);
  static Task<std::string> call(std::shared_ptr<Inside> inside, Place place, Call call, RpcMethod method,
                                std::string request);
};

Task<GrpcEnd> GrpcChannel::Inside::once(GrpcPeers::Choice choice, Call call, std::string_view method,
                                        std::string request, Clock::time_point until) {
  if (!choice.line) {
    GrpcEnd nobody;
    nobody.message = "nobody is there";
    co_return nobody;
  }
  if (choice.line->is_connecting()) co_await choice.line->connected(until);
  co_return co_await choice.line->call(call, method, std::move(request), until);
}

Task<std::string> GrpcChannel::Inside::call(std::shared_ptr<Inside> inside, Place place, Call call, RpcMethod method,
                                            std::string request) {
  auto const begun = Clock::now();
  auto const until =
      begun + (call.deadline == no_time ? grpc_wait_max : call.deadline - std::chrono::system_clock::now());
  GrpcPeers& peers = *inside->peers;
  std::vector<GrpcPeers::PeerPtr> tried, turned_away;
  Error failure{Code::unavailable, "A part of this server is not available", "rpc " + std::string(method.name)};
  if (peers.size() == 0)
    co_await peers.look_up();
  else if (peers.has_names())
    boost::asio::co_spawn(place.executor(), peers.look_up(), boost::asio::detached);
  for (std::size_t left = peers.attempts(); left > 0;) {
    if (tried.size() >= peers.size()) {
      boost::asio::steady_timer pause(place.executor(), peers.pause());
      co_await pause.async_wait(boost::asio::use_awaitable);
      // Who turned this call away would do so again; somebody who is not connected may be back any moment.
      if (turned_away.size() >= peers.size()) turned_away.clear();
      tried = turned_away;
    }
    auto choice = peers.choose(place.loop, *place.loops, tried);
    if (!choice.peer) break;
    auto const peer = choice.peer;
    auto end = co_await once(std::move(choice), call, method.name, request, until);
    inside->note(*peer, end.how);
    if (end.well()) co_return std::move(end.answer);
    // What was perhaps done once stays so.
    bool const perhaps = failure.code == Code::unknown;
    failure = failure_of(end, method.name);
    if (perhaps && failure.code == Code::unavailable) failure.code = Code::unknown;
    // Of several that are restarted one after another, one will be back in a moment.
    bool const stops = end.how == How::turned_away && end.status == Status::unavailable && peers.size() > 1;
    if (end.how == How::unsent || stops) {
      if (peers.is_closed() || Clock::now() > begun + line_wait_max) break;
    } else if (end.how == How::turned_away || (end.how == How::lost && does_nothing_twice(call, method))) {
      --left;
    } else {
      break;
    }
    if (Clock::now() >= until) break;
    tried.push_back(peer);
    if (end.how == How::turned_away) turned_away.push_back(peer);
  }
  throw failure;
}

std::string tls_missing(std::string const& address) {
  return "Roles speak over TCP only with mutual TLS: set rpc_certificate, rpc_key and rpc_authority, or a unix socket "
         "in place of " +
         address;
}

GrpcChannel::GrpcChannel(Settings settings) : inside_(std::make_shared<Inside>(std::move(settings))) {}

GrpcChannel::~GrpcChannel() { close(); }

void GrpcChannel::run_on(std::vector<boost::asio::any_io_executor> loops) {
  std::lock_guard const lock(inside_->mutex);
  inside_->add(loops);
}

void GrpcChannel::close() { inside_->peers->close(); }

Task<std::string> GrpcChannel::call(Call call, RpcMethod method, std::string request) {
  if (request.size() > rpc_bytes_max) throw Error{Code::invalid, "This request is too large"};
  check_time(call, method.name);
  auto const inside = inside_;
  auto place = inside->place_of(co_await boost::asio::this_coro::executor);
  if (place.here) co_return co_await Inside::call(inside, std::move(place), call, method, std::move(request));
  auto const executor = place.executor();
  co_return co_await boost::asio::co_spawn(
      executor, Inside::call(inside, std::move(place), call, method, std::move(request)), boost::asio::use_awaitable);
}

}  // namespace kith
