#include "ports/cache/redis/node.h"

#include <boost/asio/co_spawn.hpp>

#include "base/error.h"
#include "base/log.h"

namespace kith::redis {
namespace {

using std::chrono::steady_clock;

// A server that says nothing at all for so long is given up, however patient single calls are.
constexpr std::chrono::milliseconds silence_max{1'000};

}  // namespace

Task<std::shared_ptr<Connection>> Node::connection(Deadline deadline) {
  auto const self = shared_from_this();
  if (closing_) co_return nullptr;
  if (!breaker_.allows(steady_clock::now())) {
    ++needs_.counts.refused;
    co_return nullptr;
  }
  if (!std::exchange(keeping_, true))
    boost::asio::co_spawn(needs_.loop, keep(), [self](std::exception_ptr) { self->keeping_ = false; });
  // Whoever comes while it is being reached waits for that one attempt, not for all that may follow.
  auto const failed = attempts_failed_;
  while (!connected() && !closing_ && attempts_failed_ == failed && steady_clock::now() < deadline)
    co_await changed_.wait(deadline);
  co_return connected() ? connection_ : nullptr;
}

void Node::ended(Connection& connection, Ended const& how) {
  if (how.whole) return breaker_.succeeded();
  if (how.sent && (connection.open() || !std::exchange(connection.blamed, true))) breaker_.failed(steady_clock::now());
}

void Node::close() {
  closing_ = true;
  if (connection_) connection_->close("the engine is stopping");
  changed_.notify();
}

Task<void> Node::keep() {
  auto const self = shared_from_this();
  auto pause = Breaker::pause_first;
  while (!closing_) {
    std::shared_ptr<Connection> connection;
    try {
      connection = co_await greeted();
    } catch (Error const& error) {
      failure_ = error.say;
    }
    if (closing_ && connection) connection->close("the engine is stopping");
    if (closing_) break;
    if (!connection) {
      breaker_.failed(steady_clock::now());
      if (attempts_failed_++ == 0) log(LogLevel::warn, "a cache server cannot be reached", {{"why", failure_}});
      changed_.notify();
      Deadline const again = steady_clock::now() + breaker_.jittered(pause);
      pause = std::min(pause * 2, Breaker::pause_max);
      while (!closing_ && steady_clock::now() < again) co_await changed_.wait(again);
      continue;
    }
    pause = Breaker::pause_first;
    breaker_.succeeded();
    if (std::exchange(attempts_failed_, 0) > 0)
      log(LogLevel::info, "a cache server is reached again", {{"server", place_.text()}});
    connection_ = connection;
    ++needs_.counts.connections;
    needs_.hooks.renewed();
    changed_.notify();
    co_await watch(connection);
  }
}

// What is pushed is pushed to one who asked on this connection, so it listens before anything is asked.
Task<std::shared_ptr<Connection>> Node::greeted() {
  auto const self = shared_from_this();
  auto const deadline = steady_clock::now() + std::max(deadline_, silence_max);
  auto connection = co_await connect(needs_.loop, place_, reach_, deadline);
  auto const refusal = std::make_shared<std::string>();
  connection->pushed = needs_.hooks.pushed;
  connection->closed = [self, raw = connection.get()] {
    if (self->connection_.get() != raw) return;
    ++self->needs_.counts.lost;
    --self->needs_.counts.connections;
    self->connection_ = nullptr;
    self->needs_.hooks.lost();
    self->changed_.notify();
  };
  if (needs_.hooks.greeting_answers == 0) co_return connection;
  Ended const ended = co_await connection->exchange(
      needs_.hooks.greeting, needs_.hooks.greeting_answers,
      [refusal](std::size_t, Value&& value) {
        if (value.is(Value::Kind::error)) *refusal = value.text;
      },
      deadline);
  if (ended.whole && refusal->empty()) co_return connection;
  std::string const why = ended.whole ? *refusal : ended.why;
  connection->close(why);
  throw Error{Code::unavailable, "Redis at " + place_.text() + " (redis_servers) refuses what kith needs: " + why};
}

// Until it is lost.
Task<void> Node::watch(std::shared_ptr<Connection> connection) {
  auto const self = shared_from_this();
  std::string ping;
  append_command(ping, {"PING"});
  while (connection->open()) {
    auto const next = steady_clock::now() + ping_every;
    while (connection->open() && steady_clock::now() < next) co_await changed_.wait(next);
    if (!connection->open()) break;
    auto const patience = std::max(deadline_, silence_max);
    Ended const pong =
        co_await connection->exchange(ping, 1, [](std::size_t, Value&&) {}, steady_clock::now() + patience);
    ended(*connection, pong);
    if (pong.whole)
      needs_.hooks.renewed();
    else
      connection->close("it does not answer");
  }
}

}  // namespace kith::redis
