// What the engine answers when the server, or the line to it, fails.

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>
#include <thread>

#include "base/all.h"
#include "ports/table/contract_proxy.h"
#include "ports/table/postgres/shard.h"
#include "ports/table/postgres/test_world.h"

namespace kith {
namespace {

using contract::Proxy;
using contract::thing;
using testing::Each;
using testing::ElementsAre;

// As it stands alone in a message, ended by a NUL: BEGIN says READ COMMITTED.
std::string const commit_word("COMMIT\0", 7);

class PostgresFault : public PostgresWorld {
 protected:
  PostgresFault() {
    std::string& address = options.servers.front();
    address.replace(address.rfind(':') + 1, server.port().size(), proxy.port());
    options.deadline = std::chrono::seconds{30};  // on a busy machine, too
    open();
  }

  Proxy proxy{server.port()};
};

// The code of the error that it ends with; nothing: done.
template <class T>
Task<std::optional<Code>> ended(Task<T> task) {
  try {
    co_await std::move(task);
    co_return std::nullopt;
  } catch (Error const& error) {
    co_return error.code;
  }
}

// All of them begun in one turn of the loop.
template <class T>
std::vector<T> side_by_side(Loops& loops, std::vector<Task<T>> tasks) {
  return boost::asio::co_spawn(loops.at(0), all(std::move(tasks)), boost::asio::use_future).get();
}

TEST_F(PostgresFault, LostAnswerToCommitIsUnknownAndItsRepeatIsDoneOnce) {
  EXPECT_EQ(refused(vote(1, "ada", 1)), std::nullopt);
  proxy.cut(Proxy::Cut::after, commit_word);
  EXPECT_EQ(refused(vote(1, "bob", 2)), Code::unknown);
  EXPECT_TRUE(proxy.has_cut());
  EXPECT_EQ(votes(1), 2) << "it was done, only nobody heard of it";
  EXPECT_EQ(refused(vote(1, "bob", 2)), std::nullopt);
  EXPECT_EQ(votes(1), 2);
  EXPECT_EQ(sql("SELECT count(*) FROM kith.outbox"), "2");
  EXPECT_EQ(store->stats().unknown, 1u);
  EXPECT_EQ(store->stats().repeats, 1u);
}

TEST_F(PostgresFault, CommitThatNeverArrivedIsUnknownTooAndItsRepeatIsDoneOnce) {
  EXPECT_EQ(refused(vote(1, "ada", 1)), std::nullopt);
  proxy.cut(Proxy::Cut::before, commit_word);
  EXPECT_EQ(refused(vote(1, "bob", 2)), Code::unknown);
  EXPECT_EQ(votes(1), 1);
  EXPECT_EQ(refused(vote(1, "bob", 2)), std::nullopt);
  EXPECT_EQ(votes(1), 2);
  EXPECT_EQ(sql("SELECT count(*) FROM kith.outbox"), "2");
}

TEST_F(PostgresFault, LineLostBeforeCommitIsTriedAgain) {
  proxy.cut(Proxy::Cut::before, "BEGIN");
  EXPECT_EQ(refused(vote(1, "ada", 1)), std::nullopt);
  EXPECT_TRUE(proxy.has_cut());
  EXPECT_EQ(votes(1), 1);
  EXPECT_GE(store->stats().retries, 1u);
}

TEST_F(PostgresFault, LineLostWhileReadingIsTriedAgain) {
  commit(vote(1, "ada", 1));
  proxy.cut(Proxy::Cut::after, "get60001");
  EXPECT_TRUE(get(thing(1, "ada")));
  EXPECT_TRUE(proxy.has_cut());
}

TEST_F(PostgresFault, ReadThatFailsHarmsNoneOfThoseItGoesOutWith) {
  Loops loops(1);
  store->start(loops.executors());
  auto const read = [&] {
    std::vector<Task<std::optional<Code>>> reads;
    for (RowKey const& key : {thing(1, "ada"), contract::name("ada"), thing(2, "bob")})
      reads.push_back(ended(store->strict().get({key})));
    return side_by_side(loops, std::move(reads));
  };
  EXPECT_THAT(read(), Each(std::optional<Code>()));
  sql("ALTER TABLE contract.names RENAME TO gone");
  EXPECT_THAT(read(), ElementsAre(std::nullopt, Code::unavailable, std::nullopt));
  sql("ALTER TABLE contract.gone RENAME TO names");
  EXPECT_THAT(read(), Each(std::optional<Code>()));
  run(store->stop_delivery());
}

// What each statement of an exchange with others answered: a number, "failed" or "skipped".
Task<std::string> asked_together(postgres::Connection& connection, postgres::Statement const& statement) {
  std::vector<postgres::Query> one(1, {&statement, {}});
  auto const answers = co_await connection.exchange_together(
      std::move(one), std::chrono::steady_clock::now() + std::chrono::seconds{30});
  if (!answers.whole || answers.results.size() != 1) co_return "not answered: " + answers.why;
  postgres::Result const& result = answers.results.front();
  co_return result.skipped() ? "skipped" : result.ok() ? std::to_string(result.number(0, 0)) : "failed";
}

TEST_F(PostgresFault, WhatIsAskedInOneTurnOfTheLoopIsOneExchange) {
  std::string const sync("S\0\0\0\4", 5);  // ends an exchange, in PostgreSQL's words
  Loops loops(1);
  auto const connection = std::make_shared<postgres::Connection>(
      loops.at(0).get_executor(), postgres::connect({options.servers.front(), options.password_file}));
  connection->start();
  postgres::Statement const one{"one", "SELECT 1::bigint"}, two{"two", "SELECT 2::bigint"},
      unknown{"unknown", "SELECT 3::bigint FROM nowhere"};
  auto const together = [&](std::vector<postgres::Statement const*> const& statements) {
    proxy.count(sync);
    std::vector<Task<std::string>> asked;
    for (auto const* statement : statements) asked.push_back(asked_together(*connection, *statement));
    return side_by_side(loops, std::move(asked));
  };
  EXPECT_THAT(together({&one, &two, &one}), ElementsAre("1", "2", "1"));
  EXPECT_EQ(proxy.count(), 1);
  EXPECT_THAT(together({&two, &unknown, &one}), ElementsAre("2", "failed", "skipped"));
  EXPECT_THAT(together({&two, &one}), ElementsAre("2", "1"));
  EXPECT_THAT(together(std::vector(130, &two)), Each("2"));
  EXPECT_EQ(proxy.count(), 3) << "64 statements at most";
  boost::asio::post(loops.at(0), boost::asio::use_future([&] { connection->close("the test is over"); })).get();
}

TEST_F(PostgresFault, SilentServerIsGivenUpAtTheDeadlineThenNotAskedForAWhile) {
  options.deadline = std::chrono::seconds{1};
  open();
  commit(vote(1, "ada", 1));
  proxy.silent(true);
  auto const began = clock.monotonic();
  EXPECT_EQ(refused(vote(1, "bob", 2)), Code::unavailable);
  EXPECT_THROW(get(thing(1, "ada")), Error);
  EXPECT_GE(clock.monotonic() - began, options.deadline);
  for (int i = 0; i < 4 && store->stats().refused == 0; ++i) EXPECT_THROW(get(thing(1, "ada")), Error);
  EXPECT_GE(store->stats().refused, 1u) << "the breaker answers at once";
  proxy.silent(false);
  // It is found again by itself.
  std::optional<Code> code = Code::unavailable;
  for (int i = 0; i < 1'000 && code; ++i) {
    code = refused(vote(1, "bob", 2));
    if (code) run(clock.sleep(std::chrono::milliseconds{20}));
  }
  EXPECT_EQ(code, std::nullopt);
  EXPECT_EQ(votes(1), 2);
}

TEST_F(PostgresFault, ServerThatCameBackIsUsedAgain) {
  commit(vote(1, "ada", 1));
  server.crash();
  std::optional<Code> code = Code::unavailable;
  for (int i = 0; i < 1'000 && code; ++i) {
    code = refused(vote(1, "bob", 2));
    if (code) run(clock.sleep(std::chrono::milliseconds{20}));
  }
  EXPECT_EQ(code, std::nullopt);
  EXPECT_EQ(votes(1), 2) << "and what it had answered before is there";
}

TEST_F(PostgresFault, OneBusyPartitionLeavesConnectionsToOthers) {
  options.connections_max = 3;
  open();
  commit(vote(1, "the first", 99));
  // Somebody holds the row that they all count on, so none of them ends; who is elsewhere does not notice.
  auto other = server.session(database);
  other.ask("BEGIN");
  other.ask("SELECT 1 FROM contract.tallies FOR UPDATE");
  std::vector<Task<std::optional<Code>>> busy;
  for (OperationId operation = 1; operation <= 40; ++operation)
    busy.push_back(ended(store->strict().commit(vote(1, "voter " + std::to_string(operation), operation))));
  std::thread waiting([&] {
    for (auto const& code : run(all(std::move(busy)))) EXPECT_EQ(code, std::nullopt);
  });
  while (store->stats().waiting < 38) std::this_thread::yield();
  EXPECT_EQ(refused(vote(2, "ada", 100)), std::nullopt);
  EXPECT_EQ(store->stats().waiting, 38) << "they still wait";
  other.ask("COMMIT");
  waiting.join();
  EXPECT_EQ(votes(1), 41);
}

TEST_F(PostgresFault, ChangedPasswordIsTakenUpWhileServing) {
  store.reset();
  std::string const role = "role_" + database, file = "password of " + role;
  sql("CREATE ROLE " + role + " LOGIN SUPERUSER PASSWORD 'first'");
  std::ofstream(file) << "first\n";
  options.password_file = file;
  options.servers.front().replace(0, std::string("postgresql://kith").size(), "postgresql://" + role);
  open();
  commit(vote(1, "ada", 1));
  sql("ALTER ROLE " + role + " PASSWORD 'second'");
  std::ofstream(file) << "second\n";
  EXPECT_EQ(refused(vote(1, "bob", 2)), std::nullopt) << "what is connected stays so";
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'");
  EXPECT_EQ(refused(vote(1, "cleo", 3)), std::nullopt);
  EXPECT_EQ(votes(1), 3);
  store.reset();
  sql("DROP OWNED BY " + role);
  sql("DROP ROLE " + role);
}

TEST_F(PostgresFault, LockThatNobodyLetsGoEndsInUnavailable) {
  commit(vote(1, "ada", 1));
  auto other = server.session(database);
  other.ask("BEGIN");
  other.ask("LOCK TABLE contract.things");
  options.deadline = std::chrono::seconds{1};
  {
    PostgresStore impatient(needs(), options, tables);
    EXPECT_EQ(run(ended(impatient.strict().commit(vote(1, "bob", 2)))), Code::unavailable);
  }
  other.ask("COMMIT");
  EXPECT_EQ(refused(vote(1, "bob", 2)), std::nullopt);
  EXPECT_EQ(votes(1), 2);
}

}  // namespace
}  // namespace kith
