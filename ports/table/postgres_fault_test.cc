// What the engine answers when the server, or the line to it, fails.

#include "ports/table/postgres_proxy.h"
#include "ports/table/postgres_test_world.h"

namespace kith {
namespace {

using contract::PostgresProxy;
using contract::thing;

// As it stands alone in a message, ended by a NUL: BEGIN says READ COMMITTED.
std::string const commit_word("COMMIT\0", 7);

class PostgresFault : public PostgresWorld {
 protected:
  PostgresFault() {
    std::string& address = options.servers.front();
    address.replace(address.rfind(':') + 1, server.port().size(), proxy.port());
    options.deadline = std::chrono::milliseconds{1'000};
    open();
  }

  PostgresProxy proxy{server.port()};
};

TEST_F(PostgresFault, LostAnswerToCommitIsUnknownAndItsRepeatIsDoneOnce) {
  EXPECT_EQ(refused(vote(1, "ada", 1)), std::nullopt);
  proxy.cut(PostgresProxy::Cut::after, commit_word);
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
  proxy.cut(PostgresProxy::Cut::before, commit_word);
  EXPECT_EQ(refused(vote(1, "bob", 2)), Code::unknown);
  EXPECT_EQ(votes(1), 1);
  EXPECT_EQ(refused(vote(1, "bob", 2)), std::nullopt);
  EXPECT_EQ(votes(1), 2);
  EXPECT_EQ(sql("SELECT count(*) FROM kith.outbox"), "2");
}

TEST_F(PostgresFault, LineLostBeforeCommitIsTriedAgain) {
  proxy.cut(PostgresProxy::Cut::before, "BEGIN");
  EXPECT_EQ(refused(vote(1, "ada", 1)), std::nullopt);
  EXPECT_TRUE(proxy.has_cut());
  EXPECT_EQ(votes(1), 1);
  EXPECT_GE(store->stats().retries, 1u);
}

TEST_F(PostgresFault, LineLostWhileReadingIsTriedAgain) {
  commit(vote(1, "ada", 1));
  proxy.cut(PostgresProxy::Cut::after, "get60001");
  EXPECT_TRUE(get(thing(1, "ada")));
  EXPECT_TRUE(proxy.has_cut());
}

TEST_F(PostgresFault, SilentServerIsGivenUpAtTheDeadlineThenNotAskedForAWhile) {
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

TEST_F(PostgresFault, LockThatNobodyLetsGoEndsInUnavailable) {
  commit(vote(1, "ada", 1));
  // Another session holds every row; a commit must not wait for ever.
  std::thread other([this] { sql("BEGIN; LOCK TABLE contract.things; SELECT pg_sleep(3); COMMIT"); });
  while (sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = "
             "'contract.things'::regclass") == "0")
    std::this_thread::yield();
  EXPECT_EQ(refused(vote(1, "bob", 2)), Code::unavailable);
  other.join();
  EXPECT_EQ(refused(vote(1, "bob", 2)), std::nullopt);
  EXPECT_EQ(votes(1), 2);
}

}  // namespace
}  // namespace kith
