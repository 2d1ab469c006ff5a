#include "app/running.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "app/address.h"
#include "app/caches.h"
#include "app/core.h"
#include "app/engines.h"
#include "app/gateway.h"
#include "app/live_settings.h"
#include "app/operations_server.h"
#include "app/process.kith.h"
#include "app/remote.h"
#include "app/role_channels.h"
#include "app/roles.h"
#include "app/settings_source.h"
#include "app/version.h"
#include "base/all.h"
#include "base/error.h"
#include "base/log.h"
#include "ports/clock/system.h"
#include "ports/rpc/consul_services.h"
#include "ports/rpc/grpc/grpc.h"
#include "ports/rpc/observed.h"
#include "ports/rpc/socket_folder.h"
#include "ports/trace/otlp.h"

namespace kith {
namespace {

constexpr Duration numbers_every = std::chrono::seconds{10};
// Who asks whether this process is ready asks again soon.
constexpr Duration answer_within = std::chrono::seconds{2};

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

// What others call this process: core for all that it does, or each of its roles.
ConsulRegistration::Settings registered(Settings const& settings, GrpcServer const& rpc) {
  ConsulRegistration::Settings said{.place = consul_place(settings), .address = rpc.addresses().front()};
  for (std::string const& role : settings.roles)
    if (role != "gateway") said.services.push_back(settings.rpc_register + '-' + (role == "all" ? "core" : role));
  return said;
}

}  // namespace

struct Running::Parts {
  explicit Parts(Settings given) : settings(std::move(given)) {}

  Task<std::string> reason() {
    {
      std::lock_guard const lock(mutex);
      if (core_here() || !not_ready.empty()) co_return not_ready;
    }
    // Without these two nobody is answered anything.
    if (auto const away = co_await silent({"auth", "social"}); !away.empty()) co_return missing(away.front());
    // And that one's tables: it is asked for a token that nobody has.
    try {
      auth::Token nobodys{"none"};
      Services all = services();
      co_await all.auth.check(soon(), std::move(nobodys));
    } catch (Error const&) {
      co_return missing("auth");
    }
    co_return "";
  }
  Task<std::vector<std::string>> degraded() {
    auto without = co_await silent({"timeline", "notifications"});
    if (LiveSettings const* const live = followed; live != nullptr && live->behind()) without.emplace_back("settings");
    co_return without;
  }
  // Those of them that do not answer, asked side by side: who asks whether all is well does not wait long.
  Task<std::vector<std::string>> silent(std::vector<std::string> roles) {
    std::vector<Task<bool>> asked;
    for (std::string const& role : roles) asked.push_back(answers(role));
    auto const answered = co_await all(std::move(asked));
    std::vector<std::string> silent;
    for (std::size_t i = 0; i < roles.size(); ++i)
      if (!answered[i]) silent.push_back(std::move(roles[i]));
    co_return silent;
  }
  Task<bool> answers(std::string_view role) {
    auto const process = processes.find(role);
    if (process == processes.end()) co_return true;  // it runs here
    try {
      co_await process->second.ready(soon());
      co_return true;
    } catch (Error const&) {
      co_return false;
    }
  }
  std::string missing(std::string_view role) const {
    std::string_view const name = called_as(settings, role);
    return name == "core" ? "The core of this server does not answer"
                          : "The part of this server that does " + std::string(name) + " does not answer";
  }
  Call soon() const { return {.deadline = clock.now() + answer_within}; }
  bool core_here() const { return processes.empty(); }
  Services services() { return core ? core->services() : remote->services(); }
  Caches& caches_here() { return core ? core->caches() : *caches; }
  Task<void> report_numbers() {
    for (;;) {
      if (core)
        co_await core->report(metrics);
      else
        caches->report(metrics);
      co_await clock.sleep(numbers_every);
    }
  }
  // What has begun, before the loops that it runs on.
  void stop() {
    if (operations) operations->stop();
    if (gateway) gateway->stop();
    registration.reset();  // before callers are turned away
    if (rpc) rpc->stop();
    if (channels) channels->close();
    if (core) core->stop();
    loops.reset();
  }
  void change(Settings const& to) {
    log_from(to.log_level);
    if (core) core->change(to);
    if (gateway) gateway->change(to);
  }

  Settings settings;
  SystemClock clock;
  Metrics metrics;
  std::optional<OtlpTracer> traces;
  Tracer* tracer = nullptr;
  Methods methods;
  std::shared_ptr<Identities const> identities;
  std::optional<Core> core;
  std::optional<RoleChannels> channels;
  std::optional<RemoteServices> remote;  // of a gateway alone
  std::optional<Caches> caches;          // as well
  std::map<std::string_view, process::RemoteProcess> processes;
  std::optional<Gateway> gateway;
  std::optional<OperationsServer> operations;
  std::mutex mutex;
  std::string not_ready;
  boost::asio::io_context signals_loop;
  boost::asio::signal_set signals{signals_loop, SIGTERM, SIGINT};
  std::optional<GrpcServer> rpc;
  std::optional<ConsulRegistration> registration;
  // Last, so that coroutines end before what they refer to.
  std::optional<Loops> loops;
  std::unique_ptr<SettingsSource> settings_source;
  std::unique_ptr<LiveSettings> live;
  std::atomic<LiveSettings const*> followed = nullptr;
};

Running::Running(Settings settings, std::string not_ready) : parts_(std::make_unique<Parts>(std::move(settings))) {
  Parts& parts = *parts_;
  parts.not_ready = std::move(not_ready);
  bool const is_gateway = has_role(parts.settings, "gateway");
  if (!parts.settings.trace_endpoint.empty())
    parts.tracer = &parts.traces.emplace(trace_settings(parts.settings), parts.metrics);
  parts.identities = identities_of(parts.settings);
  if (runs_services(parts.settings)) {
    parts.core.emplace(parts.settings, parts.clock, parts.identities, Core::Watch{&parts.metrics, parts.tracer});
    parts.core->serve(parts.methods);
    observe(parts.methods, parts.metrics, parts.tracer);
  }
  if (is_gateway) {
    parts.channels.emplace(parts.settings, parts.identities, &parts.metrics);
    if (!parts.core) {
      parts.remote.emplace(*parts.channels);
      parts.caches.emplace(parts.clock, parts.settings).observe(parts.metrics);
    }
    for (std::string_view const role : service_roles)
      if (!has_role(parts.settings, role)) parts.processes.try_emplace(role, parts.channels->of(role));
    parts.gateway.emplace(Gateway::Needs{.services = services(),
                                         .clock = parts.clock,
                                         .metrics = parts.metrics,
                                         .tracer = parts.tracer,
                                         .shared_cache = parts.caches_here().shared_cache(),
                                         .not_ready = [&parts] { return parts.reason(); },
                                         .degraded = [&parts] { return parts.degraded(); }},
                          parts.settings);
  }
  if (!parts.settings.operations_listen.empty())
    parts.operations.emplace(OperationsNeeds{.metrics = parts.metrics,
                                             .version = std::string(version),
                                             .not_ready = [&parts] { return parts.reason(); },
                                             .degraded = [&parts] { return parts.degraded(); }},
                             parts.clock, parts.settings);
  parts.loops.emplace(threads_of(parts.settings));
  try {
    if (parts.channels) parts.channels->run_on(parts.loops->executors());
    if (parts.core) {
      parts.core->start(*parts.loops);
      GrpcServer::Settings answering{.addresses = parts.settings.rpc_listen, .identities = parts.identities};
      answering.addresses.push_back(rpc_address(parts.settings));
      parts.rpc.emplace(std::move(answering), parts.methods, parts.loops->executors());
      if (!parts.settings.rpc_register.empty()) parts.registration.emplace(registered(parts.settings, *parts.rpc));
    }
    boost::asio::co_spawn(parts.loops->at(0), parts.report_numbers(), boost::asio::detached);
    if (is_gateway) parts.gateway->start(*parts.loops);
    if (parts.operations) parts.operations->start(*parts.loops);
  } catch (...) {
    parts.stop();
    throw;
  }
}

Running::~Running() { parts_->stop(); }

void Running::follow(SettingsTold told, std::unique_ptr<SettingsSource> source) {
  Parts& parts = *parts_;
  if (told.file.empty() && !source) return;
  parts.settings_source = std::move(source);
  parts.live = std::make_unique<LiveSettings>(
      LiveSettings::Needs{.told = std::move(told),
                          .current = parts.settings,
                          .source = parts.settings_source.get(),
                          .apply = [&parts](Settings const& settings) { parts.change(settings); },
                          .metrics = parts.metrics});
  parts.followed = parts.live.get();
  parts.signals.add(SIGHUP);
}

int Running::wait() {
  Parts& parts = *parts_;
  for (int signal = SIGHUP; signal == SIGHUP; parts.signals_loop.restart()) {
    parts.signals.async_wait([&signal](auto failure, int given) { signal = failure ? SIGTERM : given; });
    parts.signals_loop.run();
    if (signal == SIGHUP) parts.live->reread();
  }
  log(LogLevel::info, "stopping");
  if (!parts.gateway || parts.settings.drain_for == Duration{0}) return 0;
  // Who shares requests out to this gateway sees it here, and asks another from then on.
  not_ready("This server is stopping");
  parts.gateway->drain();
  boost::asio::steady_timer over(parts.signals_loop, parts.settings.drain_for);
  over.async_wait([&parts](auto) { parts.signals.cancel(); });
  // A second signal means: now. Settings that change are no affair of a server that stops.
  std::function<void()> const heed = [&] {
    parts.signals.async_wait([&](auto failure, int given) {
      if (!failure && given == SIGHUP) return heed();
      over.cancel();
    });
  };
  heed();
  parts.signals_loop.run();
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

Services Running::services() { return parts_->services(); }
Core* Running::core() { return parts_->core ? &*parts_->core : nullptr; }

struct Reached::Parts {
  SystemClock clock;
  std::optional<Core> core;
  std::optional<RoleChannels> channels;
  std::optional<RemoteServices> remote;
  std::optional<Loops> loops;
};

Reached::Reached(Settings const& settings, Missing missing) : parts_(std::make_unique<Parts>()) {
  // Before the socket is looked for, which makes its folder.
  if (missing == Missing::refused && settings.rpc_folder.empty() && keeps_in_folder(settings) &&
      !std::filesystem::exists(settings.data + "/format"))
    throw Error{Code::invalid, "There is no data folder of kith at " + settings.data};
  Settings asked = settings;
  if (names_others(settings) || answers(private_socket(rpc_address(settings)))) {
    asked.roles = {"gateway"};  // which asks all others
    parts_->channels.emplace(asked, identities_of(asked));
    parts_->remote.emplace(*parts_->channels);
    return;
  }
  asked.roles = {"all"};
  parts_->core.emplace(asked, parts_->clock);
  parts_->loops.emplace(1);
  parts_->core->start(*parts_->loops);
}

Reached::~Reached() {
  if (parts_->channels) parts_->channels->close();
  if (parts_->core) parts_->core->stop();
  parts_->loops.reset();
}

Services Reached::services() { return parts_->core ? parts_->core->services() : parts_->remote->services(); }
Core* Reached::core() { return parts_->core ? &*parts_->core : nullptr; }

Task<void> Reached::caught_up() {
  if (parts_->core) co_return co_await parts_->core->caught_up();
  // What one role does may give another something to do: until a whole round finds nothing.
  for (bool waited = true; waited;) {
    waited = false;
    for (std::string_view const role : service_roles) {
      process::RemoteProcess there(parts_->channels->of(role));
      process::Waited const answer = co_await there.caught_up({});
      waited = waited || answer.waited;
    }
  }
}

}  // namespace kith
