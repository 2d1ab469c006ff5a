#include "ports/log/postgres/outbox.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <optional>

#include "base/error.h"
#include "base/into.h"
#include "base/log.h"

namespace kith::postgres {
namespace {

constexpr std::int64_t batch = 500;
constexpr std::chrono::minutes sweep_every{10};
constexpr Duration remembered = std::chrono::days{10};  // beyond the log's 7 days
constexpr std::chrono::milliseconds drained_look{10};

Task<void> wait_for(boost::asio::steady_timer& timer, std::chrono::milliseconds pause) {
  timer.expires_after(pause);
  boost::system::error_code ignored;
  co_await timer.async_wait(into(ignored));
}

std::vector<Event> events_in(Result const& result) {
  std::vector<Event> events;
  for (int row = 0; row < result.rows(); ++row)
    events.push_back({.id = EventId{static_cast<std::uint64_t>(result.number(row, 0))},
                      .kind = std::string(result.cell(row, 1)),
                      .schema = static_cast<std::uint32_t>(result.number(row, 2)),
                      .key = std::string(result.cell(row, 3)),
                      .body = std::string(result.cell(row, 4)),
                      .due = time_of(result.cell(row, 5)),
                      .trace = {static_cast<std::uint64_t>(result.number(row, 6)),
                                static_cast<std::uint64_t>(result.number(row, 7))},
                      .span = static_cast<std::uint64_t>(result.number(row, 8))});
  return events;
}

Task<std::vector<Result>> asked(Connection& connection, std::vector<Query> queries, Deadline deadline) {
  Answers answers = co_await connection.exchange(std::move(queries), deadline);
  Result const* const failure = answers.failure();
  if (failure != nullptr) throw_failure("relay", failure->why());
  if (!answers.whole) throw_failure("relay", answers.why);
  co_return std::move(answers.results);
}

Task<std::vector<Result>> asked(Connection& connection, Query query, Deadline deadline) {
  std::vector<Query> one;
  one.push_back(std::move(query));
  return asked(connection, std::move(one), deadline);
}

}  // namespace

void Relay::wake() {
  woken_ = true;
  wake_.cancel();
}

Task<void> Relay::rest() {
  if (!woken_ && !stopping_) co_await wait_for(wake_, needs_.look);
  woken_ = false;
}

Task<void> Relay::run() {
  std::string told;
  while (!stopping_) {
    std::optional<std::string> failure;
    std::shared_ptr<Connection> connection;
    try {
      connection = co_await needs_.cluster.shards[needs_.shard]->connected();
      co_await relay(*connection);
    } catch (Error const& error) {
      failure = error.detail.empty() ? error.say : error.detail;
    }
    if (connection) {
      connection->close("the relay has ended");
      --needs_.cluster.counts.connections;
    }
    // Once for each reason: an outage is one line, not one a second.
    if (failure && *failure != told) log(LogLevel::warn, "events wait in the outbox", {{"why", *failure}});
    told = failure.value_or("");
    if (failure) co_await rest();
  }
}

Task<void> Relay::relay(Connection& connection) {
  Shard& shard = *needs_.cluster.shards[needs_.shard];
  // Whoever has this lock is the relay; the server takes it back when the connection ends.
  for (bool mine = false; !mine && !stopping_;) {
    auto const answers = co_await asked(connection, {&needs_.cluster.layout.relay_lock}, shard.deadline());
    mine = answers.front().cell(0, 0) == std::string_view("\x01", 1);
    if (!mine) co_await rest();
  }
  while (!stopping_) {
    bool more = co_await pass(connection);
    if (more) continue;
    if (std::chrono::steady_clock::now() > swept_ + sweep_every) co_await sweep(connection);
    co_await rest();
  }
}

// Whether there may be more at once.
Task<bool> Relay::pass(Connection& connection) {
  Layout const& layout = needs_.cluster.layout;
  Shard& shard = *needs_.cluster.shards[needs_.shard];
  Query due{&layout.due, {timestamp(needs_.clock.now()), bigint(batch)}};
  auto const answers = co_await asked(connection, std::move(due), shard.deadline());
  std::vector<Event> events = events_in(answers.front());
  if (events.empty()) co_return false;
  std::vector<std::string> ids;
  for (Event const& event : events) ids.push_back(bigint(static_cast<std::int64_t>(event.id.value)));
  co_await needs_.log.append(std::move(events));
  Query done{&layout.relayed, {array(type_bigint, ids)}};
  co_await asked(connection, std::move(done), shard.deadline());
  needs_.cluster.counts.events_relayed += ids.size();
  co_return static_cast<std::int64_t>(ids.size()) == batch;
}

// Forgets rows that expired, and erases, when nothing can come any more that they would refuse.
Task<void> Relay::sweep(Connection& connection) {
  Layout const& layout = needs_.cluster.layout;
  Shard& shard = *needs_.cluster.shards[needs_.shard];
  swept_ = std::chrono::steady_clock::now();
  Cell const before = timestamp(needs_.clock.now() - remembered);
  std::vector<Query> queries{{&layout.sweep_erased, {before}}};
  for (auto const& [number, table] : layout.all()) queries.push_back({&table->sweep, {before}});
  co_await asked(connection, std::move(queries), shard.deadline());
}

void OutboxLog::subscribe(Subscription subscription) {
  subscriptions_.push_back({subscription.group, subscription.kinds, {}});
  needs_.log.subscribe(std::move(subscription));
}

Task<void> OutboxLog::append(std::vector<Event> events) {
  Cluster& cluster = needs_.cluster;
  Time const now = needs_.clock.now();
  auto const later = std::ranges::partition(events, [&](Event const& event) { return event.due <= now; });
  for (std::size_t i = 0; i < cluster.shards.size(); ++i) {
    std::vector<Query> queries;
    for (Event const& event : later) {
      check_limits(event);
      if (event.id.value % cluster.shards.size() == i) queries.push_back({&cluster.layout.emit, emitted(event, now)});
    }
    // Done twice it is done once, so it may be repeated as a read is.
    if (!queries.empty()) co_await cluster.there(cluster.shards[i]->read(std::move(queries)));
  }
  events.erase(later.begin(), later.end());
  if (!events.empty()) co_await needs_.log.append(std::move(events));
}

Task<void> OutboxLog::acknowledge(std::string group, EventId event) {
  return needs_.log.acknowledge(std::move(group), event);
}

Task<std::vector<Lag>> OutboxLog::lag() {
  Cluster& cluster = needs_.cluster;
  std::vector<Lag> lags = co_await needs_.log.lag();
  for (auto const& shard : cluster.shards) {
    std::vector<Query> one(1, {&cluster.layout.outbox_kinds, {timestamp(needs_.clock.now())}});
    auto const answers = co_await cluster.there(shard->read(std::move(one)));
    Result const& kinds = answers.front();
    for (int row = 0; row < kinds.rows(); ++row)
      for (Subscription const& by : subscriptions_) {
        if (std::ranges::find(by.kinds, kinds.cell(row, 0), &FollowedKind::kind) == by.kinds.end()) continue;
        auto const lag = std::ranges::find(lags, by.group, &Lag::group);
        if (lag == lags.end()) continue;
        lag->waiting += static_cast<std::uint64_t>(kinds.number(row, 1));
        Time const oldest = time_of(kinds.cell(row, 2));
        lag->oldest = lag->oldest == no_time ? oldest : std::min(lag->oldest, oldest);
      }
  }
  co_return lags;
}

Task<void> OutboxLog::caught_up(std::string group) {
  co_await drained();
  co_await needs_.log.caught_up(std::move(group));
}

Task<void> OutboxLog::drained() {
  Cluster& cluster = needs_.cluster;
  Counted const under_way(cluster.counts.under_way);
  for (auto const& shard : cluster.shards) {
    std::vector<Query> one(1, {&cluster.layout.outbox_ids, {timestamp(needs_.clock.now())}});
    auto const ids = co_await cluster.there(shard->read(std::move(one)));
    Cell const waiting = std::string(ids.front().cell(0, 0));
    for (bool left = !elements_of(*waiting).empty(); left;) {
      std::vector<Query> again(1, {&cluster.layout.outbox_left, {waiting}});
      auto const answers = co_await cluster.there(shard->read(std::move(again)));
      left = answers.front().number(0, 0) > 0;
      if (!left) break;
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
      co_await wait_for(timer, drained_look);
    }
  }
}

}  // namespace kith::postgres
