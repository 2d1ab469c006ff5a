#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <fstream>
#include <optional>

#include "ports/table/rocksdb/test_world.h"

namespace kith {
namespace {

using contract::text_value;
using contract::thing;

class StoreTest : public RocksWorld {
 protected:
  // The sentence a start was refused with.
  std::string refusal() {
    try {
      Workers none(0);
      RocksStore const second({clock, none}, options);
      return "opened";
    } catch (Error const& error) {
      return error.say;
    }
  }
};

TEST_F(StoreTest, FolderInUseIsNamedInOneSentence) {
  options.env = nullptr;
  open();
  EXPECT_EQ(refusal(), "The data folder " + folder.string() + " is in use by another process");
}

TEST_F(StoreTest, FolderOfANewerVersionIsRefused) {
  open();
  close();
  std::ofstream(folder / "format") << "7\n";
  EXPECT_EQ(refusal(), "The data folder " + folder.string() +
                           " was written by a newer version of kith (format 7, this program knows 1)");
}

TEST_F(StoreTest, FolderThatIsAFileIsRefused) {
  std::ofstream(folder.string()) << "x";
  EXPECT_EQ(refusal().substr(0, 16), "The data folder ");
}

TEST_F(StoreTest, WhatMayBeLostWaitsForNoDiskAndGoesDownWithTheNextThatDoes) {
  open();
  EXPECT_TRUE(run(store->strict().commit(vote(1, "ada", 1))).done);
  auto const syncs = store->stats().syncs;
  Commit light = vote(1, "bob", 2);
  light.may_be_lost = true;
  EXPECT_TRUE(run(store->strict().commit(std::move(light))).done);
  EXPECT_EQ(store->stats().syncs, syncs);
  EXPECT_EQ(voters(1), 2u);
  EXPECT_TRUE(run(store->strict().commit(vote(1, "cleo", 3))).done);
  EXPECT_EQ(store->stats().syncs, syncs + 1);
  lose_power();
  open();
  EXPECT_EQ(voters(1), 3u);
}

// As a walk over everything does.
TEST_F(StoreTest, ReadsThatNeverWaitLetOthersRunNowAndThen) {
  options.env = nullptr;  // a disk of the system's own, which has it in memory
  open();
  EXPECT_TRUE(run(store->strict().commit(vote(1, "ada", 1))).done);
  constexpr int reads = 2'000;
  boost::asio::io_context loop(1);
  boost::asio::co_spawn(
      loop,
      [](Strict& tables) -> Task<void> {
        Range const range{.table = &contract::things, .partition = contract::big_endian(1), .limit = 10};
        for (int i = 0; i < reads; ++i) co_await tables.scan(range);
      }(store->strict()),
      boost::asio::detached);
  int turns = 0;
  while (loop.run_one() > 0) ++turns;
  EXPECT_GE(turns, reads / 200);
}

TEST_F(StoreTest, CheckpointIsAStoreOfItsOwn) {
  open();
  EXPECT_TRUE(run(store->strict().commit(vote(1, "ada", 1))).done);
  auto const copy = folder.string() + "-copy";
  store->checkpoint(copy);
  EXPECT_TRUE(run(store->strict().commit(vote(1, "bob", 2))).done);
  close();
  options.folder = copy;
  open();
  EXPECT_EQ(voters(1), 1u);
  close();
  std::filesystem::remove_all(copy);
}

TEST_F(StoreTest, ErasedAndExpiredRowsAreRememberedTenDaysAndThenForgotten) {
  VirtualTime time(true);
  Workers none(0);
  std::optional<RocksStore> old;
  auto const reopen = [&] {
    old.reset();
    old.emplace(RocksStore::Needs{time, none}, options);
  };
  OperationId operation = 0;
  auto const put = [&](std::string name, Time expires_at) {
    Commit commit;
    commit.operation = ++operation;
    commit.checks.push_back({thing(1, name), std::nullopt});
    commit.puts.push_back({thing(1, std::move(name)), text_value("x"), expires_at});
    return time.run(old->strict().commit(std::move(commit))).versions.at(0);
  };
  auto const late_comes = [&](std::string name) {
    std::vector<RawRow> late;
    late.push_back({thing(1, name), {.version = 5}, text_value("late"), false});
    time.run(old->strict().apply(late));
    std::vector<RowKey> keys{thing(1, name)};
    return time.run(old->strict().get(keys)).at(0) != nullptr;
  };
  reopen();
  put("short", time.now() + std::chrono::hours{1});
  put("gone", no_time);
  put("again", no_time);
  Commit erase;
  erase.operation = ++operation;
  erase.erases = {thing(1, "gone"), thing(1, "again")};
  Version const erased = time.run(old->strict().commit(std::move(erase))).versions.at(1);
  time.set_back(std::chrono::hours{2});
  old->compact();
  reopen();
  EXPECT_GT(put("again", no_time), erased);  // over a compaction and a clock set back
  time.advance(std::chrono::days{9});
  old->compact();
  reopen();
  EXPECT_FALSE(late_comes("short"));
  EXPECT_FALSE(late_comes("gone"));
  time.advance(std::chrono::days{2});
  old->compact();
  reopen();
  EXPECT_TRUE(late_comes("short"));
  EXPECT_TRUE(late_comes("gone"));
}

TEST_F(StoreTest, RowsComeFromTheCacheWithoutWaiting) {
  open();
  EXPECT_TRUE(run(store->strict().commit(vote(1, "ada", 1))).done);
  std::vector<RowKey> keys{thing(1, "ada")};
  std::vector<RowPtr> rows;
  EXPECT_TRUE(store->strict().get_now(keys, rows));
  EXPECT_EQ(contract::value_of(rows.at(0)), text_value("yes"));
  keys.push_back(thing(1, "nobody"));
  EXPECT_FALSE(store->strict().get_now(keys, rows));
  run(store->strict().get(keys));
  EXPECT_TRUE(store->strict().get_now(keys, rows));  // absence is known by now
  EXPECT_FALSE(rows.at(1));
  EXPECT_TRUE(run(store->strict().commit(vote(1, "nobody", 2))).done);
  EXPECT_TRUE(store->strict().get_now(keys, rows));
  EXPECT_EQ(contract::value_of(rows.at(1)), text_value("yes"));
}

// Rows of a block each, far enough apart for their index to leave gaps, and names in those gaps: of a
// hundred the filter lets one pass, and the answer then depends on a block that is not in memory.
TEST_F(StoreTest, ManyRowsAreFoundOrMissingWhenNothingIsInMemory) {
  auto const name = [](int i) { return std::to_string(1'000 + 4 * i); };
  std::string const text = text_value(std::string(5'000, 't'));
  open();
  for (int i = 0; i < 200; i += 50) {
    Commit commit;
    commit.operation = static_cast<OperationId>(i) + 1;
    for (int row = i; row < i + 50; ++row) commit.puts.push_back({thing(1, name(row)), text});
    EXPECT_TRUE(run(store->strict().commit(std::move(commit))).done);
  }
  store->compact();
  for (char const end : {'a', 'b', 'c', 'd', 'e', 'f'}) {
    close();
    open();
    std::vector<RowKey> keys;
    for (int i = 0; i < 200; ++i) keys.push_back(thing(1, name(i) + end));
    for (RowPtr const& row : run(store->strict().get(keys))) EXPECT_FALSE(row);
    keys.clear();
    for (int i = 0; i < 200; ++i) keys.push_back(thing(1, name(i)));
    for (RowPtr const& row : run(store->strict().get(keys))) EXPECT_EQ(contract::value_of(row), text);
  }
}

TEST_F(StoreTest, DeliveryStopsAfterTheHandlersInProgress) {
  open();
  std::atomic<int> begun = 0, ended = 0;
  struct Slow {
    SystemClock& clock;
    std::atomic<int>&begun, &ended;
    Task<void> operator()(Event) const {
      ++begun;
      co_await clock.sleep(std::chrono::milliseconds{100});
      ++ended;
    }
  };
  store->log().subscribe({"slow", {{"Made"}}, Slow{clock, begun, ended}});
  start();
  std::vector<Event> events;
  for (std::uint64_t i = 1; i <= 200; ++i) events.push_back({.id = EventId{i}, .kind = "Made", .key = "1"});
  run(store->log().append(events));
  while (begun < 10) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  run(store->stop_delivery());
  EXPECT_EQ(begun, ended);
  EXPECT_LT(begun, 200);
}

}  // namespace
}  // namespace kith
