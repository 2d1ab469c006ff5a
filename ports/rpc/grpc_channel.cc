#include <grpc/grpc.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <set>

#include "base/error.h"
#include "ports/rpc/grpc.h"
#include "ports/rpc/grpc_words.h"
#include "ports/rpc/headers.h"
#include "ports/rpc/socket_folder.h"

namespace kith {
namespace {

struct Pending {
  std::string path;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  grpc::Status status;
};

// gRPC's thread still lets go of a call after it has told us of its end. If the last channel ends
// meanwhile, the library shuts down under that thread and aborts; so it stays as long as the process.
void keep_library() {
  static bool const kept = (grpc_init(), true);
  static_cast<void>(kept);
}

std::shared_ptr<grpc::Channel> connect(std::string const& address) {
  keep_library();
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(static_cast<int>(rpc_bytes_max));
  arguments.SetMaxReceiveMessageSize(static_cast<int>(rpc_bytes_max));
  // The other end is on this machine: ask often whether it is back.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  // The least backoff is also how long an attempt may take, and a busy machine takes its time.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  // A method runs at most once a call; who may repeat it knows its operation.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("unix:" + private_socket(address), grpc::InsecureChannelCredentials(), arguments);
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
      // gRPC says so whether or not the request had left; only these words mean that it had not.
      if (pending.status.error_message().starts_with("failed to connect"))
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
  grpc::GenericStub stub;
  std::mutex mutex = {};
  std::condition_variable none_left = {};
  std::set<std::shared_ptr<Pending>> under_way = {};

  explicit Inside(std::string const& address) : stub(connect(address)) {}

  void begin(std::shared_ptr<Pending> const& pending, std::function<void(grpc::Status)> done) {
    {
      std::lock_guard const lock(mutex);
      under_way.insert(pending);
    }
    stub.UnaryCall(&pending->context, pending->path, {}, &pending->request, &pending->response, std::move(done));
  }
  void ended(std::shared_ptr<Pending> const& pending) {
    std::lock_guard const lock(mutex);
    under_way.erase(pending);
    if (under_way.empty()) none_left.notify_all();
  }
  void end_all() {
    std::unique_lock lock(mutex);
    auto const left = under_way;
    lock.unlock();  // a cancelled call may end on this very thread
    for (auto const& pending : left) pending->context.TryCancel();
    lock.lock();
    none_left.wait(lock, [this] { return under_way.empty(); });
  }
};

GrpcChannel::GrpcChannel(std::string const& address) : inside_(std::make_shared<Inside>(address)) {}

GrpcChannel::~GrpcChannel() { inside_->end_all(); }

Task<std::string> GrpcChannel::call(Call call, std::string_view method, std::string request) {
  if (request.size() > rpc_bytes_max) throw Error{Code::invalid, "This request is too large"};
  auto const now = std::chrono::system_clock::now();
  if (call.deadline != no_time && call.deadline <= now)
    throw Error{Code::unavailable, "There was no time left for this", "rpc " + std::string(method)};

  auto const inside = inside_;
  auto const pending = std::make_shared<Pending>();
  pending->path.append("/").append(method);
  pending->request = grpc_words::to_buffer(request);
  pending->context.set_deadline(call.deadline != no_time ? std::chrono::system_clock::time_point(call.deadline)
                                                         : now + grpc_wait_max);
  for (auto const& [name, value] : headers_of(call)) pending->context.AddMetadata(name, value);

  auto const executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&inside, &pending, executor](auto handler) {
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected())
          slot.assign([pending](boost::asio::cancellation_type) { pending->context.TryCancel(); });
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
  if (!pending->status.ok()) throw failure_of(*pending);
  co_return grpc_words::to_string(pending->response);
}

}  // namespace kith
