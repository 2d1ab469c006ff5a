#include "ports/table/postgres/shard.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/into.h"
#include "base/password_file.h"

namespace kith::postgres {
namespace {

using std::chrono::steady_clock;

constexpr int attempts_max = 4;

[[noreturn]] void refuse(std::string say) { throw Error{Code::unavailable, std::move(say)}; }

// Why a server was not reached, as the sentence for the operator.
[[noreturn]] void refuse(PGconn* failed, Reach const& reach) {
  std::string words = PQerrorMessage(failed);
  words.resize(std::min(words.find('\n'), words.size()));
  bool const with_password = PQconnectionUsedPassword(failed) != 0, without = PQconnectionNeedsPassword(failed) != 0;
  std::string const place = place_of(reach.server), password = reach.password_setting;
  PQfinish(failed);
  if (without) refuse("PostgreSQL at " + place + " wants a password: name its file in " + password);
  if (with_password) refuse("PostgreSQL at " + place + " refuses the password (" + password + "): " + words);
  refuse("PostgreSQL cannot be reached at " + place + " (" + reach.server_setting + "): " + words);
}

Task<void> wait(boost::asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(into(ignored));
}

}  // namespace

void throw_failure(char const* what, std::string detail) {
  throw Error{Code::unavailable, "Storage is not available", std::string(what) + ": " + std::move(detail)};
}

bool is_passing(Result const& failure) {
  std::string const state = failure.state();
  // Conflicts between transactions, a statement that a failed one kept from being prepared, a lock that came
  // too late, a server that is starting, stopping or full.
  return state.starts_with("40") || state == "26000" || state == "55P03" || state.starts_with("57P") ||
         state.starts_with("53") || state.starts_with("08");
}

std::string place_of(std::string const& server, char const* setting) {
  char* failure = nullptr;
  PQconninfoOption* const options = PQconninfoParse(server.c_str(), &failure);
  if (options == nullptr) {
    PQfreemem(failure);
    refuse(std::string(setting) + " names what is no address of a server: say postgresql://USER@HOST:PORT/DATABASE");
  }
  std::string host, port = "5432", database;
  for (auto const* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    std::string_view const keyword = option->keyword;
    if (keyword == "host" || (keyword == "hostaddr" && host.empty())) host = option->val;
    if (keyword == "port") port = option->val;
    if (keyword == "dbname") database = option->val;
  }
  PQconninfoFree(options);
  return host + ':' + port + (database.empty() ? "" : '/' + database);
}

PGconn* connect(Reach const& reach) {
  static_cast<void>(place_of(reach.server, reach.server_setting));  // refuses what is no address
  std::string const password =
      reach.password_file.empty() ? std::string() : password_in(reach.password_file, reach.password_setting);
  auto const seconds = std::to_string(std::max<std::int64_t>(2, reach.deadline.count() / 1000));
  auto const millis = std::to_string(reach.deadline.count());
  // What outlives its caller ends by itself, and lets go of its locks.
  std::string const options = "-c statement_timeout=" + millis + " -c idle_in_transaction_session_timeout=" + millis +
                              " -c client_min_messages=error -c jit=off";
  std::vector<char const*> names{"dbname", "connect_timeout", "application_name", "target_session_attrs", "options"};
  std::vector<char const*> values{reach.server.c_str(), seconds.c_str(), "kith", "read-write", options.c_str()};
  if (!password.empty()) {
    names.push_back("password");
    values.push_back(password.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* const connected = PQconnectdbParams(names.data(), values.data(), 1);
  if (connected == nullptr || PQstatus(connected) != CONNECTION_OK) refuse(connected, reach);
  // An answered commit is on the disk, whatever the server's own default.
  std::shared_ptr<PGresult> const synced(PQexec(connected,
                                                "SELECT set_config('synchronous_commit', 'on', false) "
                                                "WHERE current_setting('synchronous_commit') = 'off'"),
                                         &PQclear);
  if (PQresultStatus(synced.get()) != PGRES_TUPLES_OK) refuse(connected, reach);
  return connected;
}

Task<std::shared_ptr<Connection>> Shard::connected() {
  if (closed_) throw_failure("connect", "the engine is stopping");
  if (!breaker_.allows(steady_clock::now())) {
    ++needs_.counts.refused;
    throw_failure("connect", place_of(reach_.server) + " failed lately and is given a pause");
  }
  PGconn* made = nullptr;
  std::optional<Error> failure;
  try {
    made = co_await needs_.workers.run([reach = reach_] { return connect(reach); });
  } catch (Error const& error) {
    failure = error;
  }
  if (failure) {
    breaker_.failed(steady_clock::now());
    throw_failure("connect", failure->say);
  }
  auto connection = std::make_shared<Connection>(needs_.loop, made);
  // To be let in is not yet to be served.
  connection->answered = [this] { breaker_.succeeded(); };
  if (closed_) throw_failure("connect", "the engine is stopping");
  ++needs_.counts.connections;
  connection->start();
  co_return connection;
}

Task<std::shared_ptr<Connection>> Shard::reader(Deadline deadline) {
  Reader& slot = readers_[turn_++ % readers_.size()];
  while (!slot.connection || !slot.connection->open()) {
    if (steady_clock::now() >= deadline) throw_failure("read", "no connection in time");
    if (slot.connecting) {
      auto const connecting = slot.connecting;
      co_await wait(*connecting);
      continue;
    }
    if (slot.connection) --needs_.counts.connections;
    slot.connection = nullptr;
    slot.connecting = std::make_shared<boost::asio::steady_timer>(needs_.loop, deadline);
    std::optional<Error> failure;
    try {
      slot.connection = co_await connected();
    } catch (Error const& error) {
      failure = error;
    }
    std::exchange(slot.connecting, nullptr)->cancel();
    if (failure) throw *failure;
  }
  co_return slot.connection;
}

Task<std::vector<Result>> Shard::read(std::vector<Query> queries) {
  struct Reading {
    explicit Reading(std::size_t& count) : count(++count) {}
    ~Reading() { --count; }
    std::size_t& count;
  } const reading(reading_);
  auto const began = steady_clock::now();
  Deadline const deadline = this->deadline();
  for (int attempt = 1;; ++attempt) {
    std::string why;
    std::shared_ptr<Connection> connection;
    try {
      connection = co_await reader(deadline);
    } catch (Error const& error) {
      why = error.detail;
    }
    bool passing = !closed_ && !refusing();
    if (connection) {
      // Alone when it failed: perhaps by what somebody else asked.
      Answers answers = attempt == 1 ? co_await connection->exchange_together(queries, deadline)
                                     : co_await connection->exchange(queries, deadline);
      Result const* const failure = answers.failure();
      if (answers.whole && failure == nullptr) {
        ++needs_.counts.reads;
        needs_.counts.read_micros +=
            static_cast<std::uint64_t>(std::chrono::duration_cast<Duration>(steady_clock::now() - began).count());
        co_return std::move(answers.results);
      }
      why = answers.whole ? failure->why() : answers.why;
      passing = passing && (!answers.whole || failure->skipped() || is_passing(*failure));
      if (!answers.whole) lost(*connection);
    }
    bool again = passing && attempt < attempts_max;
    if (again) again = co_await pause(attempt, deadline);
    if (!again) throw_failure("read", why);
  }
}

Task<bool> Shard::pause(int attempt, Deadline deadline) {
  auto const until = steady_clock::now() + breaker_.jittered(Breaker::Pause{10 << attempt});
  if (until >= deadline) co_return false;
  ++needs_.counts.retries;
  boost::asio::steady_timer timer(needs_.loop, until);
  co_await wait(timer);
  co_return true;
}

void Shard::lost(Connection& connection) {
  if (std::exchange(connection.blamed, true)) return;
  ++needs_.counts.late;
  breaker_.failed(steady_clock::now());
}

Task<Shard::Lease> Shard::lease(Deadline deadline) {
  for (;;) {
    if (closed_) throw_failure("commit", "the engine is stopping");
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->idle()) co_return Lease(*this, std::move(connection));
      give_back(std::move(connection));
    }
    if (made_ < connections_max_) break;
    if (waiting_.size() >= waiting_max) throw_failure("commit", "too many wait for a connection");
    boost::asio::steady_timer turn(needs_.loop, deadline);
    waiting_.push_back(&turn);
    {
      Counted const counted(needs_.counts.waiting);
      co_await wait(turn);
    }
    waiting_.remove(&turn);
    if (closed_ || steady_clock::now() >= deadline) {
      wake_next();
      throw_failure("commit", "no connection was free in time");
    }
  }
  ++made_;
  std::shared_ptr<Connection> connection;
  std::optional<Error> failure;
  try {
    connection = co_await connected();
  } catch (Error const& error) {
    failure = error;
  }
  if (failure) {
    --made_;
    wake_next();
    throw *failure;
  }
  co_return Lease(*this, std::move(connection));
}

Task<Shard::Turn> Shard::turn(std::int64_t lock, Deadline deadline) {
  Turns& turns = turns_[lock];
  if (turns.taken < turns_max) {
    ++turns.taken;
    co_return Turn(*this, lock);
  }
  Turns::Waiting waiting{.timer = boost::asio::steady_timer(needs_.loop, deadline)};
  turns.waiting.push_back(&waiting);
  {
    Counted const counted(needs_.counts.waiting);
    co_await wait(waiting.timer);
  }
  if (!waiting.come) {
    turns.waiting.remove(&waiting);
    throw_failure("commit", "too many changes of one partition at once");
  }
  co_return Turn(*this, lock);
}

void Shard::next(std::int64_t lock) {
  auto const turns = turns_.find(lock);
  auto& waiting = turns->second.waiting;
  if (!waiting.empty()) {
    waiting.front()->come = true;
    waiting.front()->timer.cancel();
    waiting.pop_front();
  } else if (--turns->second.taken == 0) {
    turns_.erase(turns);
  }
}

void Shard::give_back(std::shared_ptr<Connection> connection) {
  if (connection->idle() && !closed_) {
    idle_.push_back(std::move(connection));
  } else {
    connection->close("given back in the middle of its work");
    --needs_.counts.connections;
    --made_;
  }
  wake_next();
}

void Shard::wake_next() {
  if (waiting_.empty()) return;
  waiting_.front()->cancel();
  waiting_.pop_front();
}

void Shard::close() {
  closed_ = true;
  for (Reader& reader : readers_)
    if (auto const connection = std::exchange(reader.connection, nullptr)) {
      --needs_.counts.connections;
      connection->close("the engine is stopping");
    }
  for (auto& connection : idle_) connection->close("the engine is stopping");
  idle_.clear();
  while (!waiting_.empty()) wake_next();
}

}  // namespace kith::postgres
