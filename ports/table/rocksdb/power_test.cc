// Power cuts, full and broken disks: what was acknowledged stays, nothing is there by half.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ports/table/rocksdb/test_world.h"

namespace kith {
namespace {

using contract::big_endian;
using contract::tally;
using contract::text_value;
using contract::thing;

class PowerTest : public RocksWorld {
 protected:
  // What a service does: a vote, and an event that says where to look.
  Task<bool> cast(std::uint64_t poll, std::uint64_t number) {
    Commit commit = vote(poll, "voter " + std::to_string(number), number + 1);
    commit.first.push_back({contract::note(poll, number), text_value("content"), 1});
    commit.events.push_back({.id = EventId{number + 1},
                             .kind = "VoteCast",
                             .key = std::to_string(poll),
                             .body = std::to_string(poll) + " " + std::to_string(number)});
    try {
      Outcome const outcome = co_await store->strict().commit(std::move(commit));
      co_return outcome.done;
    } catch (Error const&) {
      co_return false;
    }
  }
  // What a follower does: a feed entry for ten people, if the truth still says so.
  Task<void> follow(Event event) {
    auto const space = event.body.find(' ');
    std::uint64_t const poll = std::stoull(event.body.substr(0, space));
    std::uint64_t const number = std::stoull(event.body.substr(space + 1));
    std::vector<RowKey> keys(1, thing(poll, "voter " + std::to_string(number)));
    auto rows = co_await store->strict().get(std::move(keys));
    if (!rows[0]) co_return;
    Spread spread{&feeds, big_endian(~number), text_value("x"), rows[0]->header.version, no_time, {}};
    for (std::uint64_t person = 1; person <= 10; ++person) spread.partitions.push_back(big_endian(person));
    co_await store->wide().spread(std::move(spread));
  }
  void open_all() {
    open();
    store->log().subscribe({"feeds", {{"VoteCast"}}, [this](Event event) { return follow(std::move(event)); }});
    start();
  }
  std::set<std::string> feed_of(std::uint64_t person) {
    std::set<std::string> sorts;
    Range range{.table = &feeds, .partition = big_endian(person), .limit = scan_max};
    for (ScannedRow const& row : run(store->wide().scan(range)).rows) sorts.insert(row.key.sort);
    return sorts;
  }
};

TEST_F(PowerTest, RandomPowerCutsUnderLoadLoseNothingAcknowledged) {
  std::mt19937 random(7);
  std::set<std::uint64_t> acknowledged;
  std::uint64_t number = 0;
  options.memtable_bytes = 256 << 10;  // so that flushes lie between as well
  options.ring_entries_dirty_max = 200;
  for (int round = 0; round < 8; ++round) {
    open_all();
    std::vector<std::pair<std::uint64_t, std::future<bool>>> casts;
    auto const begin = number;
    std::thread cutter([this, pause = random() % 60] {
      std::this_thread::sleep_for(std::chrono::milliseconds{5 + pause});
      disk->lose_power();
    });
    for (; number < begin + 90; ++number) {
      casts.emplace_back(number, this->begin(cast(number % 3, number)));
      if (number % 8 != 0) continue;
      // Acknowledged before the power went, or not counted.
      for (auto& [which, done] : casts) {
        if (!done.valid()) continue;
        bool const yes = done.get();
        if (yes && !disk->dead()) acknowledged.insert(which);
      }
      casts.clear();
    }
    cutter.join();
    casts.clear();
    close();
    disk->restart();
    open_all();
    run(store->log().caught_up("feeds"));
    std::size_t rows = 0;
    for (std::uint64_t poll = 0; poll < 3; ++poll) {
      std::size_t const there = voters(poll);
      EXPECT_EQ(read(tally(poll, 1)), there == 0 ? "missing" : contract::tally_value(there, 0)) << "round " << round;
      rows += there;
    }
    for (std::uint64_t const which : acknowledged) {
      EXPECT_EQ(read(thing(which % 3, "voter " + std::to_string(which))), text_value("yes")) << which;
      EXPECT_EQ(read(contract::note(which % 3, which)), text_value("content")) << which;
    }
    for (std::uint64_t const person : {1u, 7u, 10u}) EXPECT_EQ(feed_of(person).size(), rows) << "round " << round;
    close();
  }
  EXPECT_GT(acknowledged.size(), 50u);
}

TEST_F(PowerTest, FullDiskRefusesExactlyAndGoesOnWhenThereIsRoom) {
  open();
  EXPECT_TRUE(run(cast(1, 1)));
  disk->free_bytes(1 << 20);
  std::this_thread::sleep_for(std::chrono::milliseconds{120});
  try {
    run(store->strict().commit(vote(1, "late", 99)));
    FAIL() << "the disk is full";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unavailable);
  }
  EXPECT_TRUE(store->stats().refusing);
  EXPECT_EQ(voters(1), 1u);
  disk->free_bytes(1 << 30);
  std::this_thread::sleep_for(std::chrono::milliseconds{120});
  EXPECT_TRUE(run(store->strict().commit(vote(1, "late", 99))).done);
  EXPECT_EQ(voters(1), 2u);
  EXPECT_EQ(read(tally(1, 1)), contract::tally_value(2, 0));
}

TEST_F(PowerTest, NothingIsOpenedOnAFullDisk) {
  disk->free_bytes(5 << 20);
  try {
    open();
    FAIL() << "there is no room";
  } catch (Error const& error) {
    EXPECT_EQ(error.say,
              "The disk of the data folder " + folder.string() + " is full: 5 MiB are free, 32 MiB are needed");
  }
  store.reset();
  workers.reset();
}

// What works in the background may find the disk full before the lane looks.
TEST_F(PowerTest, FlushOnAFullDiskFailsAndNothingIsLost) {
  open();
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(run(cast(1, i)));
  disk->full(true);
  EXPECT_THROW(store->compact(), Error);
  disk->full(false);
  EXPECT_EQ(voters(1), 50u);  // reads go on
  // It may go on only after a restart.
  try {
    run(store->strict().commit(vote(1, "voter 50", 51)));
  } catch (Error const& error) {
    EXPECT_TRUE(error.code == Code::unknown || error.code == Code::unavailable);
  }
  lose_power();
  open();
  EXPECT_TRUE(run(store->strict().commit(vote(1, "voter 50", 51))).done);
  EXPECT_EQ(voters(1), 51u);
  EXPECT_EQ(read(tally(1, 1)), contract::tally_value(51, 0));
}

TEST_F(PowerTest, FailedWriteIsUnknownAndItsRepeatIsDoneOnce) {
  for (bool const full : {true, false}) {
    std::uint64_t const poll = full ? 1 : 2;
    open();
    EXPECT_TRUE(run(store->strict().commit(vote(poll, "before", 1))).done);
    if (full)
      disk->full(true);
    else
      disk->break_syncs(true);
    try {
      run(store->strict().commit(vote(poll, "during", 2)));
      ADD_FAILURE() << "the disk does not write";
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::unknown);
    }
    EXPECT_EQ(voters(poll), 1u);
    disk->full(false);
    disk->break_syncs(false);
    std::this_thread::sleep_for(std::chrono::milliseconds{120});
    bool here = true;
    try {
      EXPECT_TRUE(run(store->strict().commit(vote(poll, "during", 2))).done);
    } catch (Error const& error) {  // this database goes on only after a restart, and says so
      EXPECT_EQ(error.code, Code::unavailable);
      EXPECT_NE(error.detail.find("restarted"), std::string::npos) << error.detail;
      here = false;
    }
    lose_power();
    open();
    EXPECT_TRUE(run(store->strict().commit(vote(poll, "during", 2))).done) << here;
    EXPECT_EQ(voters(poll), 2u);
    EXPECT_EQ(read(tally(poll, 1)), contract::tally_value(2, 0));
    close();
  }
}

TEST_F(PowerTest, CommitsOfOneRowAtOnceAreJudgedOneAfterAnother) {
  open();
  std::vector<std::future<Outcome>> all;
  for (OperationId i = 1; i <= 400; ++i)
    all.push_back(begin(store->strict().commit(vote(5, "voter " + std::to_string(i % 100), i))));
  std::size_t done = 0;
  std::set<std::int64_t> sums;
  for (auto& outcome : all) {
    Outcome const one = outcome.get();
    if (one.done) {
      ++done;
      sums.insert(one.sums.at(0));
    } else {
      EXPECT_EQ(contract::value_of(one.rows.at(0)), text_value("yes"));
    }
  }
  EXPECT_EQ(done, 100u);
  EXPECT_EQ(sums.size(), 100u);
  EXPECT_EQ(voters(5), 100u);
  EXPECT_EQ(read(tally(5, 1)), contract::tally_value(100, 0));
  EXPECT_LT(store->stats().syncs, 300u);
}

}  // namespace
}  // namespace kith
