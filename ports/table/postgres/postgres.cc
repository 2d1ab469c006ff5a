#include "ports/table/postgres/postgres.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <iterator>
#include <thread>

#include "base/error.h"
#include "ports/log/postgres/outbox.h"
#include "ports/table/postgres/setup.h"
#include "ports/table/postgres/strict.h"

namespace kith {
namespace {

postgres::Reach reach_of(PostgresOptions const& options, std::size_t shard) {
  return {options.servers[shard], options.password_file, options.deadline};
}

void check_servers(PostgresOptions const& options) {
  if (options.servers.empty())
    throw Error{Code::unavailable, "Strict tables are on PostgreSQL, but postgres_servers names no server"};
}

}  // namespace

std::vector<std::string> migrate_postgres(PostgresOptions const& options, std::vector<Table> const& tables,
                                          bool contract) {
  check_servers(options);
  postgres::Layout const layout(tables);
  std::vector<std::string> changes;
  for (std::size_t i = 0; i < options.servers.size(); ++i) {
    auto const reach = reach_of(options, i);
    std::ranges::move(postgres::expand(reach, layout, i, options.servers.size()), std::back_inserter(changes));
    if (contract) std::ranges::move(postgres::contract(reach, layout), std::back_inserter(changes));
  }
  return changes;
}

struct PostgresStore::Parts {
  Parts(Needs needs, PostgresOptions given, std::vector<Table> const& tables)
      : options(std::move(given)),
        cluster{
            .loop = loop.get_executor(), .layout = postgres::Layout(tables), .counts = {}, .shards = {}, .emitted = {}},
        strict({needs.clock, needs.wide, cluster}),
        log({needs.clock, needs.log, cluster}) {
    check_servers(options);
    for (std::size_t i = 0; i < options.servers.size(); ++i) {
      auto const reach = reach_of(options, i);
      postgres::expand(reach, cluster.layout, i, options.servers.size());
      cluster.shards.push_back(std::make_unique<postgres::Shard>(
          postgres::Shard::Needs{cluster.loop, workers, cluster.counts}, reach, options.connections_max));
      relays.push_back(std::make_unique<postgres::Relay>(
          postgres::Relay::Needs{needs.clock, needs.log, cluster, i, options.outbox_look}));
    }
    cluster.emitted = [this](std::size_t shard) { relays[shard]->wake(); };
    thread = std::thread([this] { loop.run(); });
  }
  ~Parts() {
    if (!thread.joinable()) return;
    stop_relays();
    // Whoever waits for an answer learns that none will come; then the loop has nothing left and ends.
    boost::asio::post(loop, [this] {
      for (auto& shard : cluster.shards) shard->close();
    });
    guard.reset();
    thread.join();
  }
  void read_on(std::vector<boost::asio::any_io_executor> const& loops) {
    for (auto const& each : loops) {
      auto& near = cluster.near.emplace_back(postgres::Cluster::Near{.loop = each});
      for (std::size_t i = 0; i < options.servers.size(); ++i)
        near.shards.push_back(std::make_unique<postgres::Shard>(
            postgres::Shard::Needs{.loop = each, .workers = workers, .counts = cluster.counts, .readers = 1},
            reach_of(options, i), 0));
    }
    cluster.near_open = true;
  }
  // Their loops end before this does.
  void leave_loops() {
    cluster.near_open = false;
    for (auto& near : cluster.near) boost::asio::co_spawn(near.loop, leave(near), boost::asio::use_future).wait();
  }
  static Task<void> leave(postgres::Cluster::Near& near) {
    boost::asio::steady_timer pause(near.loop);
    for (auto& shard : near.shards) {
      while (shard->reading() > 0) {
        pause.expires_after(std::chrono::milliseconds{5});
        co_await pause.async_wait(boost::asio::use_awaitable);
      }
      shard->close();
    }
  }
  void stop_relays() {
    boost::asio::post(loop, [this] {
      for (auto& relay : relays) relay->stop();
    });
    for (auto& each : relaying) each.wait();
  }

  PostgresOptions options;
  Workers workers{2};
  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{loop.get_executor()};
  postgres::Cluster cluster;
  postgres::PostgresStrict strict;
  postgres::OutboxLog log;
  std::vector<std::unique_ptr<postgres::Relay>> relays;
  std::vector<std::future<void>> relaying;
  std::thread thread;
};

PostgresStore::PostgresStore(Needs needs, PostgresOptions options, std::vector<Table> const& tables)
    : parts_(std::make_unique<Parts>(needs, std::move(options), tables)) {}
PostgresStore::~PostgresStore() = default;

Strict& PostgresStore::strict() { return parts_->strict; }
Log& PostgresStore::log() { return parts_->log; }

void PostgresStore::start(std::vector<boost::asio::any_io_executor> const& loops) {
  parts_->read_on(loops);
  for (auto& relay : parts_->relays) {
    auto ended = std::make_shared<std::promise<void>>();
    parts_->relaying.push_back(ended->get_future());
    boost::asio::co_spawn(parts_->cluster.loop, relay->run(), [ended](std::exception_ptr) { ended->set_value(); });
  }
}

Task<void> PostgresStore::stop_delivery() {
  Parts& parts = *parts_;
  co_await parts.workers.run([&parts] {
    parts.stop_relays();
    parts.leave_loops();
  });
}

PostgresStats PostgresStore::stats() const {
  postgres::Counts const& counts = parts_->cluster.counts;
  return {.reads = counts.reads,
          .commits = counts.commits,
          .conflicts = counts.conflicts,
          .repeats = counts.repeats,
          .unknown = counts.unknown,
          .retries = counts.retries,
          .lost = counts.late,
          .refused = counts.refused,
          .read_seconds = static_cast<double>(counts.read_micros) / 1e6,
          .commit_seconds = static_cast<double>(counts.commit_micros) / 1e6,
          .events_relayed = counts.events_relayed,
          .connections = counts.connections,
          .waiting = counts.waiting,
          .under_way = counts.under_way};
}

}  // namespace kith
