#include <grpcpp/client_context.h>

#include <atomic>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <set>

#include "base/error.h"
#include "ports/rpc/grpc.h"
#include "ports/rpc/grpc_peers.h"
#include "ports/rpc/grpc_words.h"
#include "ports/rpc/headers.h"

namespace kith {
namespace {

struct Pending {
  std::string path;
  std::shared_ptr<GrpcPeers::Line> line;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::atomic<bool> given_up = false;

  void give_up() {
    given_up = true;
    context.TryCancel();
  }
};

// A process that has just come back is connected again within this time; one that is away is not waited for longer.
constexpr auto line_wait_max = std::chrono::seconds{1};

enum class Ended : std::uint8_t { answered, turned_away, unsent, lost, late };

bool was_not_sent(std::string const& message) {
  // gRPC says "unavailable" whether or not the request had left; only these words mean that it had not.
  return message.starts_with("failed to connect") || message.starts_with("connections to all backends failing") ||
         message.starts_with("DNS resolution failed");
}

Ended ended(Pending const& pending) {
  auto const& trailers = pending.context.GetServerTrailingMetadata();
  if (trailers.contains(grpc_words::turned_away_trailer)) return Ended::turned_away;
  if (pending.status.ok() || trailers.contains(grpc_words::code_trailer)) return Ended::answered;
  switch (pending.status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return was_not_sent(pending.status.error_message()) ? Ended::unsent : Ended::lost;
    case grpc::StatusCode::DEADLINE_EXCEEDED: return Ended::late;
    // What has begun is answered before a server stops; a call that comes while gRPC itself stops is ended like this.
    case grpc::StatusCode::CANCELLED: return pending.given_up ? Ended::answered : Ended::turned_away;
    default: return Ended::answered;
  }
}

Error failure_of(Pending const& pending) {
  auto const& trailers = pending.context.GetServerTrailingMetadata();
  auto const trailer = [&](char const* name) {
    auto const found = trailers.find(name);
    return found == trailers.end() ? std::string() : std::string(found->second.data(), found->second.size());
  };
  if (auto const code = parse_code(trailer(grpc_words::code_trailer)))
    return {*code, pending.status.error_message(), {}, trailer(grpc_words::fields_trailer)};

  std::string detail = "rpc " + pending.path + ": " + pending.status.error_message();
  switch (pending.status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (was_not_sent(pending.status.error_message()))
        return {Code::unavailable, "A part of this server is not available", std::move(detail)};
      break;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL: return {Code::internal, "Something went wrong on our side", std::move(detail)};
    default: break;
  }
  return {Code::unknown, "A part of this server did not answer", std::move(detail)};
}

}  // namespace

struct GrpcChannel::Inside {
  GrpcPeers peers;
  std::mutex mutex = {};
  std::condition_variable none_left = {};
  std::set<std::shared_ptr<Pending>> under_way = {};
  bool closed = false;

  explicit Inside(Settings settings) : peers(std::move(settings)) {}

  void begin(std::shared_ptr<Pending> const& pending, std::function<void(grpc::Status)> done) {
    {
      std::lock_guard const lock(mutex);
      under_way.insert(pending);
      if (closed) pending->given_up = true;
    }
    if (pending->given_up) return done({grpc::StatusCode::UNAVAILABLE, "failed to connect: this process is stopping"});
    pending->line->stub.UnaryCall(&pending->context, pending->path, {}, &pending->request, &pending->response,
                                  std::move(done));
  }
  void ended(std::shared_ptr<Pending> const& pending) {
    std::lock_guard const lock(mutex);
    under_way.erase(pending);
    if (under_way.empty()) none_left.notify_all();
  }
  bool is_closed() {
    std::lock_guard const lock(mutex);
    return closed;
  }
  void end_all() {
    std::unique_lock lock(mutex);
    closed = true;
    auto const left = under_way;
    lock.unlock();  // a cancelled call may end on this very thread
    for (auto const& pending : left) pending->give_up();
    lock.lock();
    none_left.wait(lock, [this] { return under_way.empty(); });
  }
  void note(std::size_t peer, Ended how) {
    switch (how) {
      case Ended::answered: return peers.answered(peer);
      case Ended::turned_away: return peers.turned_away(peer);
      case Ended::unsent: return;  // gRPC itself refuses at once and asks now and then
      case Ended::lost:
      case Ended::late: return peers.lost(peer);
    }
  }
};

namespace {

void check_time(Call const& call, std::string_view method) {
  if (call.deadline != no_time && call.deadline <= std::chrono::system_clock::now())
    throw Error{Code::unavailable, "There was no time left for this", "rpc " + std::string(method)};
}

bool does_nothing_twice(Call const& call, RpcMethod method) {
  return method.repeat == Repeat::reads || (method.repeat == Repeat::idempotent && call.operation != 0);
}

template <class Inside>
Task<std::shared_ptr<Pending>> once(std::shared_ptr<Inside> inside, std::shared_ptr<GrpcPeers::Line> line, Call call,
                                    std::string_view method, grpc::ByteBuffer request) {
  auto const pending = std::make_shared<Pending>();
  pending->path.append("/").append(method);
  pending->line = std::move(line);
  pending->request.Swap(&request);
  pending->context.set_deadline(call.deadline != no_time ? std::chrono::system_clock::time_point(call.deadline)
                                                         : std::chrono::system_clock::now() + grpc_wait_max);
  for (auto const& [name, value] : headers_of(call)) pending->context.AddMetadata(name, value);

  auto const executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&inside, &pending, executor](auto handler) {
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected())
          slot.assign([pending](boost::asio::cancellation_type) { pending->give_up(); });
        // The handler can only be moved, and gRPC wants a copyable function; the loop must not end
        // while an answer is on its way.
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        auto guard = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
        inside->begin(pending, [inside, pending, held, guard](grpc::Status status) {
          pending->status = std::move(status);
          boost::asio::post(guard, [held] { std::move (*held)(); });
          inside->ended(pending);  // last: from here on the channel and the loop may be gone
        });
      },
      boost::asio::use_awaitable);
  co_return pending;
}

}  // namespace

std::string tls_missing(std::string const& address) {
  return "Roles speak over TCP only with mutual TLS: set rpc_certificate, rpc_key and rpc_authority, or a unix socket "
         "in place of " +
         address;
}

GrpcChannel::GrpcChannel(Settings settings) : inside_(std::make_shared<Inside>(std::move(settings))) {}

GrpcChannel::~GrpcChannel() { close(); }

void GrpcChannel::close() { inside_->end_all(); }

Task<std::string> GrpcChannel::call(Call call, RpcMethod method, std::string request) {
  if (request.size() > rpc_bytes_max) throw Error{Code::invalid, "This request is too large"};
  check_time(call, method.name);
  auto const inside = inside_;
  auto const bytes = grpc_words::to_buffer(request);
  request.clear();
  std::vector<std::size_t> tried, turned_away;
  Error failure{Code::unavailable, "A part of this server is not available", "rpc " + std::string(method.name)};
  auto const line_by = std::chrono::steady_clock::now() + line_wait_max;
  for (std::size_t left = inside->peers.attempts(); left > 0;) {
    if (tried.size() == inside->peers.size()) {
      boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, inside->peers.pause());
      co_await pause.async_wait(boost::asio::use_awaitable);
      // Who turned this call away would do so again; somebody who is not connected may be back any moment.
      if (turned_away.size() == inside->peers.size()) turned_away.clear();
      tried = turned_away;
    }
    auto choice = inside->peers.choose(tried);
    if (!choice.line) break;
    auto const pending = co_await once(inside, std::move(choice.line), call, method.name, bytes);
    auto const how = ended(*pending);
    inside->note(choice.peer, how);
    if (pending->status.ok()) co_return grpc_words::to_string(pending->response);
    // What was perhaps done once stays so.
    bool const perhaps = failure.code == Code::unknown;
    failure = failure_of(*pending);
    if (perhaps && failure.code == Code::unavailable) failure.code = Code::unknown;
    if (how == Ended::unsent) {
      if (inside->is_closed() || std::chrono::steady_clock::now() > line_by) break;
    } else if (how == Ended::turned_away || (how == Ended::lost && does_nothing_twice(call, method))) {
      --left;
    } else {
      break;
    }
    if (call.deadline != no_time && call.deadline <= std::chrono::system_clock::now()) break;
    tried.push_back(choice.peer);
    if (how == Ended::turned_away) turned_away.push_back(choice.peer);
  }
  throw failure;
}

}  // namespace kith
