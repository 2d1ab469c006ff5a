#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <optional>
#include <thread>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "ports/rpc/address.h"
#include "ports/rpc/grpc.h"
#include "ports/rpc/grpc_credentials.h"
#include "ports/rpc/grpc_words.h"
#include "ports/rpc/headers.h"
#include "ports/rpc/socket_folder.h"

namespace kith {
namespace {

grpc::StatusCode grpc_code(Code code) {
  switch (code) {
    case Code::invalid: return grpc::StatusCode::INVALID_ARGUMENT;
    case Code::unauthenticated: return grpc::StatusCode::UNAUTHENTICATED;
    case Code::forbidden: return grpc::StatusCode::PERMISSION_DENIED;
    case Code::not_found: return grpc::StatusCode::NOT_FOUND;
    case Code::conflict: return grpc::StatusCode::ABORTED;
    case Code::exhausted: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Code::unavailable: return grpc::StatusCode::UNAVAILABLE;
    case Code::unknown: return grpc::StatusCode::UNKNOWN;
    case Code::internal: break;
  }
  return grpc::StatusCode::INTERNAL;
}

// Longer than a call of a caller who did not yet hear of it is on its way.
constexpr auto quiet = std::chrono::milliseconds{300};
constexpr auto turning_away_max = std::chrono::seconds{5};

// Whatever a coroutine threw, as an Error.
Error error_of(std::exception_ptr const& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (Error const& error) {
    return error;
  } catch (std::exception const& other) {
    return {Code::internal, "Something went wrong on our side", other.what()};
  } catch (...) {
    return {Code::internal, "Something went wrong on our side", "something was thrown that is no exception"};
  }
}

}  // namespace

struct GrpcServer::Inside final : grpc::CallbackGenericService {
  class Answer;

  Settings settings;
  Methods const& methods;
  std::vector<boost::asio::any_io_executor> executors;
  std::atomic<std::size_t> turn = 0;
  std::atomic<std::size_t> at_work = 0;
  std::atomic<bool> stopping = false;
  std::atomic<std::chrono::steady_clock::rep> last_turned_away = 0;
  std::vector<std::string> addresses = {};
  // gRPC asks it for the identity of the moment as long as the server is there.
  std::shared_ptr<grpc::ServerCredentials> credentials = {};
  std::unique_ptr<grpc::Server> server = {};

  Inside(Settings settings, Methods const& methods, std::vector<boost::asio::any_io_executor> executors)
      : settings(std::move(settings)), methods(methods), executors(std::move(executors)) {}

  void start();
  void listen(grpc::ServerBuilder& builder, std::string const& address, int& port);
  bool over_network() const { return credentials != nullptr; }
  bool believes(grpc::GenericCallbackServerContext& context) const;
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
};

// One call. gRPC keeps it until `finish` was called and all its own callbacks have ended.
class GrpcServer::Inside::Answer final : public grpc::ServerGenericBidiReactor {
 public:
  Answer(Inside& inside, grpc::GenericCallbackServerContext& context) : inside_(inside), context_(context) {
    if (++inside_.at_work > inside_.settings.concurrent_max)
      turn_away("The server is busy; try again in a moment", grpc::StatusCode::RESOURCE_EXHAUSTED);
    else if (inside_.stopping)
      turn_away("This part of the server is stopping; try again in a moment", grpc::StatusCode::UNAVAILABLE);
    else if (!inside_.believes(context_))
      finish(Error{Code::internal, "This is not available here", "the caller's certificate names nobody of us"});
    else
      StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (finished_) return;
    if (!ok) return finish(Error{Code::invalid, "This request cannot be read"});
    auto const* answer = inside_.methods.find(std::string_view(context_.method()).substr(1));
    if (answer == nullptr) return finish(Error{Code::internal, "This is not available here", "nobody answers it"});
    Call call;
    auto const deadline = std::chrono::time_point_cast<Duration>(context_.deadline());
    if (context_.deadline() != std::chrono::system_clock::time_point::max()) call.deadline = deadline;
    for (auto const& [name, value] : context_.client_metadata())
      if (!take_header(call, {name.data(), name.size()}, {value.data(), value.size()}))
        return finish(Error{Code::invalid, "This request cannot be read", std::string(name.data(), name.size())});
    auto const& executor = inside_.executors[inside_.turn++ % inside_.executors.size()];
    boost::asio::co_spawn(executor, work(*answer, call, grpc_words::to_string(request_)),
                          [this](std::exception_ptr const& failure, std::string bytes) {
                            if (failure) return finish(error_of(failure));
                            finish(std::move(bytes));
                          });
  }
  // Nobody listens any more. What has begun runs on: cutting a change in two helps nobody.
  void OnCancel() override { gone_ = true; }
  void OnDone() override { delete this; }

 private:
  Task<std::string> work(Methods::Answer const& answer, Call call, std::string bytes) {
    if (gone_) throw Error{Code::unavailable, "There was no time left for this"};
    co_return co_await answer(call, std::move(bytes));
  }
  void finish(std::string bytes) {
    if (bytes.size() > rpc_bytes_max)
      return finish(Error{Code::internal, "Something went wrong on our side", "the answer is too large"});
    response_ = grpc_words::to_buffer(bytes);
    --inside_.at_work;  // the server may end as soon as gRPC has the answer
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }
  void turn_away(char const* say, grpc::StatusCode code) {
    context_.AddTrailingMetadata(grpc_words::turned_away_trailer, "1");
    inside_.last_turned_away = std::chrono::steady_clock::now().time_since_epoch().count();
    finish(Error{Code::unavailable, say}, code);
  }
  void finish(Error const& error, std::optional<grpc::StatusCode> code = std::nullopt) {
    finished_ = true;
    if (inside_.settings.failed) inside_.settings.failed(std::string_view(context_.method()).substr(1), error);
    context_.AddTrailingMetadata(grpc_words::code_trailer, std::string(name_of(error.code)));
    if (!error.fields.empty() && error.fields.size() <= grpc_words::fields_max)
      context_.AddTrailingMetadata(grpc_words::fields_trailer, error.fields);
    --inside_.at_work;
    Finish(grpc::Status(code.value_or(grpc_code(error.code)), error.say.substr(0, grpc_words::say_max)));
  }

  Inside& inside_;
  grpc::GenericCallbackServerContext& context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::atomic<bool> gone_ = false;
  bool finished_ = false;
};

grpc::ServerGenericBidiReactor* GrpcServer::Inside::CreateReactor(grpc::GenericCallbackServerContext* context) {
  return new Answer(*this, *context);
}

bool GrpcServer::Inside::believes(grpc::GenericCallbackServerContext& context) const {
  if (!settings.identities || context.peer().starts_with("unix:") ||
      is_ours(*context.auth_context(), *settings.identities))
    return true;
  log(LogLevel::warn, "a caller with a certificate of our authority is none of us", {{"peer", context.peer()}});
  return false;
}

void GrpcServer::Inside::listen(grpc::ServerBuilder& builder, std::string const& address, int& port) {
  if (is_tcp(address)) {
    std::string const place = tcp_place(address);
    if (!settings.identities) throw Error{Code::invalid, tls_missing(address)};
    if (!credentials) credentials = server_credentials(settings.identities);
    builder.AddListeningPort(place, credentials, &port);
    return;
  }
  std::string const socket = private_socket(address);
  // gRPC would take the socket away from whoever has it.
  if (answers(socket)) throw Error{Code::unavailable, "Another process already answers on " + socket};
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials(), &port);
}

void GrpcServer::Inside::start() {
  check(!executors.empty(), "calls run on an executor");
  grpc::ServerBuilder builder;
  std::vector<int> ports(settings.addresses.size(), 0);
  for (std::size_t i = 0; i < ports.size(); ++i) listen(builder, settings.addresses[i], ports[i]);
  // Two processes with one address would take calls from each other.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Callers look after their connections every ten seconds, also between calls.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetMaxReceiveMessageSize(static_cast<int>(rpc_bytes_max));
  builder.SetMaxSendMessageSize(static_cast<int>(rpc_bytes_max));
  builder.RegisterCallbackGenericService(this);
  server = builder.BuildAndStart();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::string const& address = settings.addresses[i];
    if (!server || ports[i] == 0)
      throw Error{Code::unavailable,
                  is_tcp(address) ? "Roles cannot be answered on " + address + ": is it in use, or of another machine?"
                                  : "The socket " + address + " between roles cannot be opened"};
    addresses.push_back(is_tcp(address) ? address.substr(0, address.rfind(':') + 1) + std::to_string(ports[i])
                                        : address);
  }
}

GrpcServer::GrpcServer(Settings settings, Methods const& methods, std::vector<boost::asio::any_io_executor> executors)
    : inside_(std::make_unique<Inside>(std::move(settings), methods, std::move(executors))) {
  inside_->start();
}

GrpcServer::~GrpcServer() { stop(); }

std::vector<std::string> const& GrpcServer::addresses() const { return inside_->addresses; }

void GrpcServer::stop() {
  if (!inside_->server) return;
  using Clock = std::chrono::steady_clock;
  inside_->stopping = true;
  // Callers learn it from the answer to their next call, and ask elsewhere from then on. A call that comes when gRPC
  // itself stops is cut off, so that is done when none came for a while.
  auto const begun = Clock::now();
  auto const quiet_since = [&] {
    return std::max(begun, Clock::time_point(Clock::duration(inside_->last_turned_away.load())));
  };
  while (inside_->over_network() && Clock::now() < std::min(quiet_since() + quiet, begun + turning_away_max))
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  inside_->server->Shutdown();
  check(inside_->at_work == 0, "gRPC waits for the calls that have begun");
}

}  // namespace kith
