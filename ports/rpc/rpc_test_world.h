#pragma once

// A service to be called and its forms: directly, through bytes, over gRPC.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/run.h"
#include "ports/rpc/authority_for_tests.h"
#include "ports/rpc/grpc/grpc.h"
#include "ports/rpc/loopback.h"
#include "tools/protoc-gen-kith/testdata/sample.kith.h"

namespace kith::sample {

class Sample final : public SampleService {
 public:
  Task<Everything> echo(Call call, Everything request) override {
    remember(call);
    if (request.signed_ > 0) {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                      std::chrono::milliseconds(request.signed_));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    if (request.small > 0) request.text.assign(request.small, 'x');
    ++ended;
    co_return request;
  }
  // Fails with the code numbered by its first poll; 100 throws what is no Error.
  Task<Tree> get_many(Call, GetRequest request) override {
    auto const code = request.polls.at(0).value;
    if (code == 100) throw std::runtime_error("an engine's own words");
    throw Error{static_cast<Code>(code), "This cannot be done: grüße", "row 7", R"({"text":[{"error":"ERR_BLANK"}]})"};
    co_return Tree{};
  }
  Task<void> delete_(Call, GetRequest request) override {
    deleted += request.polls.size();
    co_return;
  }
  Task<Tree> count(Call) override { co_return Tree{.number = deleted, .branches = {{.number = 1}}}; }
  Task<void> touch(Call call) override {
    remember(call);
    co_return;
  }

  Call last() {
    std::lock_guard const lock(mutex_);
    return last_;
  }

  // On which threads calls were answered since.
  std::set<std::thread::id> threads() {
    std::lock_guard const lock(mutex_);
    return std::exchange(threads_, {});
  }

  std::atomic<std::size_t> deleted = 0;
  std::atomic<std::size_t> begun = 0;
  std::atomic<std::size_t> ended = 0;

 private:
  void remember(Call const& call) {
    ++begun;
    std::lock_guard const lock(mutex_);
    last_ = call;
    threads_.insert(std::this_thread::get_id());
  }

  std::mutex mutex_;
  Call last_;
  std::set<std::thread::id> threads_;
};

// Among the codes of errors: there was none.
inline constexpr Code answered = Code::conflict;

template <class T>
Error failure_of(Task<T> task) {
  try {
    run(std::move(task));
  } catch (Error const& error) {
    return error;
  }
  ADD_FAILURE() << "it did not fail";
  return {Code::internal, ""};
}

template <class Holds>
bool comes_true(Holds holds) {
  for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return holds();
}

// A form of the service.
struct Form {
  virtual ~Form() = default;
  virtual SampleService& calls() = 0;
  Sample service;
};

struct Direct final : Form {
  SampleService& calls() override { return service; }
};

struct Bytes final : Form {
  SampleService& calls() override { return remote; }
  Bytes() { serve(service, methods); }
  Methods methods;
  Loopback channel{methods};
  RemoteSample remote{channel};
};

inline std::string fresh_socket() {
  static int count = 0;
  auto const folder =
      std::filesystem::current_path() / ("rpc" + std::to_string(::getpid()) + "_" + std::to_string(count++));
  return folder / "s.sock";
}

struct Grpc : Form {
  explicit Grpc(GrpcServer::Settings given = {}) : settings(std::move(given)) {
    serve(service, methods);
    if (settings.addresses.empty()) settings.addresses = {"unix:" + fresh_socket()};
    start();
    connect();
  }
  ~Grpc() override { stop(); }
  SampleService& calls() override { return *remote; }

  void start() {
    pools[0].emplace(1);
    pools[1].emplace(1);
    server.emplace(settings, methods,
                   std::vector<boost::asio::any_io_executor>{pools[0]->get_executor(), pools[1]->get_executor()});
  }
  void stop() {
    server.reset();
    for (auto& pool : pools)
      if (pool) pool->join();
  }
  void connect() {
    remote.reset();
    channel.emplace(GrpcChannel::Settings{
        .addresses = server->addresses(), .identities = settings.identities, .name = "core.kith.test"});
    remote.emplace(*channel);
  }

  GrpcServer::Settings settings;
  Methods methods;
  std::optional<boost::asio::thread_pool> pools[2];
  std::optional<GrpcServer> server;
  std::optional<GrpcChannel> channel;
  std::optional<RemoteSample> remote;
};

inline std::filesystem::path fresh_folder() {
  static int count = 0;
  auto const folder =
      std::filesystem::current_path() / ("identity" + std::to_string(::getpid()) + "_" + std::to_string(count++));
  std::filesystem::remove_all(folder);
  return folder;
}

inline Identities::Settings files_in(std::filesystem::path const& folder, std::vector<std::string> names = {}) {
  return {.certificate = folder / "identity.pem",
          .key = folder / "identity.key",
          .authority = folder / "authority.pem",
          .domain = "kith.test",
          .names = std::move(names),
          .look_every = std::chrono::milliseconds(1)};
}

inline std::shared_ptr<Identities const> issued(AuthorityForTests& authority, CertificateWish const& wish = {}) {
  auto const folder = fresh_folder();
  authority.issue(folder, wish);
  return std::make_shared<Identities const>(files_in(folder));
}

inline GrpcServer::Settings over_tcp(std::shared_ptr<Identities const> identities) {
  return {.addresses = {"tcp:127.0.0.1:0"}, .identities = std::move(identities)};
}

struct Tcp final : Grpc {
  Tcp() : Grpc(over_tcp(issued(*std::make_unique<AuthorityForTests>("ours")))) {}
};

}  // namespace kith::sample
