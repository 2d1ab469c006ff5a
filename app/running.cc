#include "app/running.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "app/address.h"
#include "app/core.h"
#include "app/engines.h"
#include "app/gateway.h"
#include "app/remote.h"
#include "app/version.h"
#include "base/error.h"
#include "base/log.h"
#include "ports/clock/system.h"
#include "ports/rpc/grpc.h"
#include "ports/rpc/observed.h"
#include "ports/rpc/socket_folder.h"
#include "ports/trace/otlp.h"

namespace kith {
namespace {

constexpr Duration numbers_every = std::chrono::seconds{10};

unsigned threads_of(Settings const& settings) {
  return settings.threads > 0 ? static_cast<unsigned>(settings.threads)
                              : std::max(1u, std::thread::hardware_concurrency());
}

OtlpTracer::Settings trace_settings(Settings const& settings) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  std::string service = "kith";
  for (std::string const& role : settings.roles)
    if (role != "all") service += '-' + role;
  return {.endpoint = settings.trace_endpoint,
          .one_in = settings.trace_one_in,
          .sender = {.service = std::move(service),
                     .version = std::string(version),
                     .instance = std::string(host) + ':' + std::to_string(getpid())}};
}

Task<void> report_numbers(Core& core, Metrics& metrics, Clock& clock) {
  for (;;) {
    co_await core.report(metrics);
    co_await clock.sleep(numbers_every);
  }
}

}  // namespace

struct Running::Parts {
  explicit Parts(Settings given) : settings(std::move(given)) {}

  Task<std::string> reason() {
    {
      std::lock_guard const lock(mutex);
      if (!remote || !not_ready.empty()) co_return not_ready;
    }
    // A gateway is ready when its core answers: it is asked for a token that nobody has.
    try {
      auth::Token nobodys{"none"};
      co_await remote->services().auth.check(Call{}, std::move(nobodys));
    } catch (Error const&) {
      co_return "The core of this server does not answer";
    }
    co_return "";
  }

  Settings settings;
  SystemClock clock;
  Metrics metrics;
  std::optional<OtlpTracer> traces;
  Tracer* tracer = nullptr;
  Methods methods;
  std::optional<Core> core;
  std::optional<GrpcChannel> channel;
  std::optional<ObservedChannel> observed;
  std::optional<RemoteServices> remote;
  std::optional<Gateway> gateway;
  std::mutex mutex;
  std::string not_ready;
  boost::asio::io_context signals_loop;
  boost::asio::signal_set signals{signals_loop, SIGTERM, SIGINT};
  std::optional<GrpcServer> rpc;
  // Last, so that coroutines end before what they refer to.
  std::optional<Loops> loops;
};

bool has_role(Settings const& settings, std::string_view role) {
  return std::ranges::any_of(settings.roles, [&](std::string const& each) { return each == role || each == "all"; });
}

Running::Running(Settings settings, std::string not_ready) : parts_(std::make_unique<Parts>(std::move(settings))) {
  Parts& parts = *parts_;
  parts.not_ready = std::move(not_ready);
  bool const is_core = has_role(parts.settings, "core");
  bool const is_gateway = has_role(parts.settings, "gateway");
  if (!parts.settings.trace_endpoint.empty())
    parts.tracer = &parts.traces.emplace(trace_settings(parts.settings), parts.metrics);
  if (is_core) {
    parts.core.emplace(parts.settings, parts.clock);
    parts.core->observe(parts.metrics, parts.tracer);
    parts.core->serve(parts.methods);
    observe(parts.methods, parts.metrics, parts.tracer);
  } else {
    parts.channel.emplace(rpc_address(parts.settings));
    parts.observed.emplace(*parts.channel, parts.metrics);
    parts.remote.emplace(*parts.observed);
  }
  if (is_gateway)
    parts.gateway.emplace(Gateway::Needs{.services = services(),
                                         .clock = parts.clock,
                                         .metrics = parts.metrics,
                                         .tracer = parts.tracer,
                                         .not_ready = [&parts] { return parts.reason(); }},
                          parts.settings);
  parts.loops.emplace(threads_of(parts.settings));
  std::vector<boost::asio::any_io_executor> executors;
  for (std::size_t i = 0; i < parts.loops->size(); ++i) executors.push_back(parts.loops->at(i).get_executor());
  if (is_core) {
    parts.core->start(*parts.loops);
    parts.rpc.emplace(GrpcServer::Settings{.addresses = {rpc_address(parts.settings)}}, parts.methods, executors);
    boost::asio::co_spawn(parts.loops->at(0), report_numbers(*parts.core, parts.metrics, parts.clock),
                          boost::asio::detached);
  }
  if (is_gateway) parts.gateway->start(*parts.loops);
}

Running::~Running() {
  Parts& parts = *parts_;
  if (parts.gateway) parts.gateway->stop();
  if (parts.rpc) parts.rpc->stop();
  parts.channel.reset();
  if (parts.core) parts.core->stop();
  parts.loops.reset();
}

int Running::wait() {
  parts_->signals.async_wait([](auto, int) {});
  parts_->signals_loop.run();
  log(LogLevel::info, "stopping");
  return 0;
}

void Running::stop() {
  // Done by the loop that wait runs, so a stop that comes before it is not lost.
  boost::asio::post(parts_->signals_loop, [this] { parts_->signals.cancel(); });
}

void Running::not_ready(std::string reason) {
  std::lock_guard const lock(parts_->mutex);
  parts_->not_ready = std::move(reason);
}

Services Running::services() { return parts_->core ? parts_->core->services() : parts_->remote->services(); }
Core* Running::core() { return parts_->core ? &*parts_->core : nullptr; }

struct Reached::Parts {
  SystemClock clock;
  std::optional<Core> core;
  std::optional<GrpcChannel> channel;
  std::optional<RemoteServices> remote;
  std::optional<Loops> loops;
};

Reached::Reached(Settings const& settings, Missing missing) : parts_(std::make_unique<Parts>()) {
  // Before the socket is looked for, which makes its folder.
  if (missing == Missing::refused && settings.rpc_folder.empty() && keeps_in_folder(settings) &&
      !std::filesystem::exists(settings.data + "/format"))
    throw Error{Code::invalid, "There is no data folder of kith at " + settings.data};
  std::string const address = rpc_address(settings);
  if (answers(private_socket(address))) {
    parts_->channel.emplace(address);
    parts_->remote.emplace(*parts_->channel);
    return;
  }
  parts_->core.emplace(settings, parts_->clock);
  parts_->loops.emplace(1);
  parts_->core->start(*parts_->loops);
}

Reached::~Reached() {
  parts_->channel.reset();
  if (parts_->core) parts_->core->stop();
  parts_->loops.reset();
}

Services Reached::services() { return parts_->core ? parts_->core->services() : parts_->remote->services(); }
Core* Reached::core() { return parts_->core ? &*parts_->core : nullptr; }

}  // namespace kith
