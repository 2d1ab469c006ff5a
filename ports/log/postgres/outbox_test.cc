#include "ports/log/postgres/outbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "base/loops.h"
#include "ports/table/postgres/test_world.h"

namespace kith {
namespace {

// The log as the relay sees it: what came, and something that happens after it came and before it is said so.
class NotedLog final : public Log {
 public:
  explicit NotedLog(Log& log) : log_(log) {}

  Task<void> append(std::vector<Event> events) override {
    {
      std::lock_guard const lock(mutex_);
      for (Event const& event : events) ++came_[event.id.value];
    }
    co_await log_.append(std::move(events));
    if (between) between();
  }
  void subscribe(Subscription to) override { log_.subscribe(std::move(to)); }
  Task<void> acknowledge(std::string group, EventId id) override { return log_.acknowledge(std::move(group), id); }
  Task<std::vector<Lag>> lag() override { return log_.lag(); }
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override {
    return log_.set_aside(std::move(group), limit);
  }
  Task<void> retry(std::string group, EventId id) override { return log_.retry(std::move(group), id); }
  Task<void> replay(std::string group, Time since) override { return log_.replay(std::move(group), since); }
  Task<void> caught_up(std::string group) override { return log_.caught_up(std::move(group)); }

  std::map<std::uint64_t, int> came() {
    std::lock_guard const lock(mutex_);
    return came_;
  }
  std::function<void()> between;

 private:
  Log& log_;
  std::mutex mutex_;
  std::map<std::uint64_t, int> came_;
};

Task<void> count(std::atomic<int>& handled, Event) {
  ++handled;
  co_return;
}

class PostgresOutbox : public PostgresWorld {
 protected:
  PostgresStore::Needs noted() { return {clock, wide, came}; }
  void kill_relays() {
    sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1802072168 AND "
        "database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }
  void drained(PostgresStore& store) { run(store.log().caught_up("anybody")); }

  NotedLog came{log};
};

TEST_F(PostgresOutbox, WhatAHandlerAppendsForLaterWaitsInTheOutbox) {
  store.emplace(noted(), options, tables);
  Time const now = clock.now();
  std::vector<Event> events(3, {.kind = "Made", .key = "7", .body = "body"});
  events[0].id = EventId{1};
  events[1].id = EventId{2};
  events[1].due = now + std::chrono::hours{1};
  events[2].id = EventId{3};
  events[2].due = now - std::chrono::hours{1};
  run(store->log().append(events));
  EXPECT_EQ(came.came(), (std::map<std::uint64_t, int>{{1, 1}, {3, 1}}));
  EXPECT_EQ(sql("SELECT string_agg(id::text, ' ') FROM kith.outbox"), "2");
  run(store->log().append(events));
  EXPECT_EQ(sql("SELECT count(*) FROM kith.outbox"), "1") << "repeated, it is there once";
}

TEST_F(PostgresOutbox, RelayKilledBetweenAppendAndDeleteLosesNothing) {
  // Each of the first turns ends with the relay's connection cut: the log has the events, the outbox too.
  std::atomic<int> kills{0};
  came.between = [&] {
    if (++kills <= 5) kill_relays();
  };
  store.emplace(noted(), options, tables);
  store->start({});
  for (OperationId operation = 1; operation <= 50; ++operation)
    commit(vote(operation % 3 + 1, "voter " + std::to_string(operation), operation));
  drained(*store);
  auto const all = came.came();
  EXPECT_EQ(all.size(), 50u);
  EXPECT_GT(kills, 5);
  int twice = 0;
  for (auto const& [id, times] : all) twice += times > 1 ? 1 : 0;
  EXPECT_GT(twice, 0) << "what the log already had came again, with the same id";
  EXPECT_EQ(sql("SELECT count(*) FROM kith.outbox"), "0");
  EXPECT_EQ(votes(1) + votes(2) + votes(3), 50);
}

TEST_F(PostgresOutbox, DoubledEventIsOneEventToItsFollowers) {
  int kills = 0;
  came.between = [&] {
    if (++kills <= 2) kill_relays();
  };
  std::atomic<int> handled{0};
  Loops loops(1);
  store.emplace(noted(), options, tables);
  store->log().subscribe({"feeds", {{"VoteCast"}}, [&](Event event) { return count(handled, std::move(event)); }});
  log.start(loops.at(0).get_executor());
  store->start({});
  for (OperationId operation = 1; operation <= 10; ++operation) commit(vote(1, std::to_string(operation), operation));
  run(store->log().caught_up("feeds"));
  EXPECT_EQ(handled, 10);
  EXPECT_GT(kills, 2);
  store.reset();
  log.stop();
}

TEST_F(PostgresOutbox, EventWhoseTransactionEndsLateIsNotPassedOver) {
  store.emplace(noted(), options, tables);
  store->start({});
  // Another process's transaction has the smaller id and the earlier time, and is not done yet.
  auto late = server.session(database);
  late.ask("BEGIN");
  late.ask("INSERT INTO kith.outbox VALUES (1, 'VoteCast', 1, '7', 'late', '1970-01-01', 0, 0, now())");
  commit(vote(1, "ada", 2));
  while (!came.came().contains(2)) run(clock.sleep(std::chrono::milliseconds{5}));
  EXPECT_FALSE(came.came().contains(1));
  late.ask("COMMIT");
  drained(*store);
  EXPECT_TRUE(came.came().contains(1));
}

TEST_F(PostgresOutbox, TwoProcessesHaveOneRelay) {
  store.emplace(noted(), options, tables);
  PostgresStore second(noted(), options, tables);
  store->start({});
  second.start({});
  for (OperationId operation = 1; operation <= 40; ++operation) {
    Commit change = vote(1, std::to_string(operation), operation);
    EXPECT_TRUE(run((operation % 2 == 0 ? *store : second).strict().commit(std::move(change))).done);
  }
  drained(second);
  auto const all = came.came();
  EXPECT_EQ(all.size(), 40u);
  for (auto const& [id, times] : all) EXPECT_EQ(times, 1) << id;
  // One goes; the other takes over.
  store.reset();
  EXPECT_TRUE(run(second.strict().commit(vote(1, "last", 41))).done);
  drained(second);
  EXPECT_TRUE(came.came().contains(41));
}

TEST_F(PostgresOutbox, DueEventWaitsInTheOutboxOverARestart) {
  store.emplace(noted(), options, tables);
  store->start({});
  Commit change = vote(1, "ada", 1);
  change.events[0].due = clock.now() + std::chrono::milliseconds{600};
  Time const due = change.events[0].due;
  commit(std::move(change));
  drained(*store);
  auto const early = came.came();
  if (clock.now() < due) EXPECT_TRUE(early.empty());
  store.emplace(noted(), options, tables);
  store->start({});
  while (came.came().empty()) run(clock.sleep(std::chrono::milliseconds{5}));
  EXPECT_GE(clock.now(), due);
}

}  // namespace
}  // namespace kith
