#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <set>

#include "ports/table/rocksdb/codec.h"
#include "ports/table/rocksdb/test_world.h"

namespace kith {
namespace {

using contract::big_endian;
using contract::text_value;

class RingTest : public RocksWorld {
 protected:
  RowKey entry(std::uint64_t person, std::uint64_t id) { return {&feeds, big_endian(person), big_endian(~id)}; }
  void spread(std::uint64_t id, std::uint64_t from, std::uint64_t to, Time expires_at = no_time, Version version = 1) {
    Spread spread{&feeds, big_endian(~id), text_value("post " + std::to_string(id)), version, expires_at, {}};
    for (; from <= to; ++from) spread.partitions.push_back(big_endian(from));
    run(store->wide().spread(std::move(spread)));
  }
  // The ids of a page, as the feed shows them.
  std::vector<std::uint64_t> page(std::uint64_t person, std::size_t limit, std::uint64_t below = 0,
                                  bool backwards = false) {
    Range range{.table = &feeds, .partition = big_endian(person), .backwards = backwards, .limit = limit};
    if (below != 0 && !backwards) range.from = big_endian(~below) + '\0';
    if (below != 0 && backwards) range.to = big_endian(~below);
    Scanned const found = run(store->wide().scan(range));
    more = found.more;
    std::vector<std::uint64_t> ids;
    for (ScannedRow const& row : found.rows) {
      std::uint64_t id = 0;
      for (char const byte : row.key.sort) id = id << 8 | static_cast<unsigned char>(byte);
      ids.push_back(~id);
      EXPECT_EQ(contract::value_of(row.row), text_value("post " + std::to_string(~id)));
    }
    return ids;
  }
  std::vector<std::uint64_t> down(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> ids;
    for (; from >= to && from > 0; --from) ids.push_back(from);
    return ids;
  }
  std::size_t walked() {
    std::size_t count = 0;
    std::string cursor;
    do {
      RawPage const step = run(store->wide().scan_all(&feeds, cursor, 100));
      count += step.rows.size();
      cursor = step.cursor;
    } while (!cursor.empty());
    return count;
  }

  // Of the only feed there is, while nobody has it open.
  std::size_t flushes() {
    rocksdb::DBOptions database;
    database.env = env.get();
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    auto const status =
        rocksdb::DB::OpenForReadOnly(database, (folder / "db").string(),
                                     {{rocksdb::kDefaultColumnFamilyName, {}}, {"feeds", {}}}, &handles, &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    std::unique_ptr<rocksdb::DB> const db(opened);
    std::set<std::uint64_t> found;
    std::unique_ptr<rocksdb::Iterator> at(db->NewIterator({}, handles[1]));
    for (at->Seek("c"); at->Valid() && at->key().starts_with("c"); at->Next())
      found.insert(rocks::read_u64(at->key().data() + at->key().size() - 12));
    at.reset();
    for (auto* const handle : handles) db->DestroyColumnFamilyHandle(handle);
    return found.size();
  }

  bool more = false;
};

TEST_F(RingTest, FeedShowsTheNewestFirstToEachOfItsPeople) {
  open();
  for (std::uint64_t id = 1; id <= 50; ++id) spread(id, 1, id % 2 == 0 ? 20 : 10);
  EXPECT_EQ(page(1, 20), down(50, 31));
  EXPECT_TRUE(more);
  EXPECT_EQ(page(20, 3), (std::vector<std::uint64_t>{50, 48, 46}));
  EXPECT_EQ(page(21, 20).size(), 0u);
  EXPECT_EQ(page(1, 20, 5), down(4, 1));
  EXPECT_FALSE(more);
  EXPECT_EQ(page(1, 3, 20, true), (std::vector<std::uint64_t>{21, 22, 23}));
}

TEST_F(RingTest, DoubledAndLateEntriesAreWhereTheyBelongOnce) {
  open();
  for (std::uint64_t const id : {9u, 3u, 7u, 3u, 1u, 9u}) spread(id, 1, 1);
  EXPECT_EQ(page(1, 20), (std::vector<std::uint64_t>{9, 7, 3, 1}));
  for (std::uint64_t const id : {5u, 9u, 2u}) spread(id, 1, 1);
  EXPECT_EQ(page(1, 20), (std::vector<std::uint64_t>{9, 7, 5, 3, 2, 1}));
}

TEST_F(RingTest, RowsFromBeforeTheFirstSpreadStay) {
  open();
  run(store->wide().put({{entry(1, 4), text_value("post 4"), 1}, {entry(1, 8), text_value("post 8"), 1}}));
  run(store->wide().erase({{entry(1, 6), 5}}));
  spread(5, 1, 2);
  spread(6, 1, 2);  // older than the erase
  EXPECT_EQ(page(1, 20), (std::vector<std::uint64_t>{8, 5, 4}));
  EXPECT_EQ(page(2, 20), (std::vector<std::uint64_t>{6, 5}));
  EXPECT_EQ(read(entry(1, 8)), text_value("post 8"));
  EXPECT_EQ(read(entry(1, 6)), "missing");
}

TEST_F(RingTest, PutAndEraseWorkOnATableThatIsSpread) {
  open();
  for (std::uint64_t id = 1; id <= 5; ++id) spread(id, 1, 3);
  run(store->wide().put({{entry(2, 9), text_value("post 9"), 1}}));
  run(store->wide().erase({{entry(2, 4), 2}, {entry(2, 77), 2}}));
  EXPECT_EQ(page(2, 20), (std::vector<std::uint64_t>{9, 5, 3, 2, 1}));
  EXPECT_EQ(page(1, 20), down(5, 1));
  close();
  open();
  EXPECT_EQ(page(2, 20), (std::vector<std::uint64_t>{9, 5, 3, 2, 1}));
  spread(4, 1, 3, no_time, 1);
  EXPECT_EQ(page(2, 20), (std::vector<std::uint64_t>{9, 5, 3, 2, 1}));
}

TEST_F(RingTest, WholeFeedIsThereWhereverItLies) {
  open();
  std::uint64_t const newest = 1'500;
  for (std::uint64_t id = 1; id <= newest; ++id) {
    spread(id, 1, 2);
    if (id == 300) EXPECT_EQ(page(1, 1), down(300, 300));  // loaded from here on
    if (id % 400 == 0) store->compact();
    if (id == 1'000) {
      close();
      open();
    }
  }
  for (int round = 0; round < 2; ++round) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t below = newest + 1; below > 1;) {
      auto const ids = page(1, 40, below);
      ASSERT_FALSE(ids.empty());
      all.insert(all.end(), ids.begin(), ids.end());
      below = ids.back();
    }
    EXPECT_EQ(all, down(newest, 1));
    EXPECT_EQ(page(1, 2, 100, true), (std::vector<std::uint64_t>{101, 102}));
    EXPECT_EQ(page(2, 40, 200), down(199, 160));
    EXPECT_EQ(walked(), 2 * newest);
    close();
    open();
  }
}

TEST_F(RingTest, ManySmallFlushesAreOneChunkInTheEnd) {
  open();
  for (std::uint64_t id = 1; id <= 40; ++id) {
    spread(id, 1, 1);
    walked();  // a walk begins with a flush
    if (id % 7 == 0) EXPECT_EQ(page(1, 3), down(id, id - 2));
  }
  EXPECT_EQ(page(1, 100), down(40, 1));
  EXPECT_EQ(store->stats().ring_entries_dirty, 0u);
  close();
  open();
  EXPECT_EQ(page(1, 100), down(40, 1));
}

TEST_F(RingTest, AFeedThatNobodyReadsIsPutTogetherNowAndThen) {
  open();
  for (std::uint64_t id = 1; id <= 300; ++id) {
    spread(id, 1, 1);
    walked();
  }
  close();
  EXPECT_LT(flushes(), 200u);
  open();
  EXPECT_EQ(page(1, 512), down(300, 1));
  EXPECT_FALSE(more);
}

TEST_F(RingTest, WhatManyFlushesWroteIsReadAsOneFeed) {
  open();
  std::uint64_t const newest = 1'200;
  for (std::uint64_t id = 1; id <= newest; ++id) {
    spread(id, 1, 1);
    if (id % 110 == 0) walked();
  }
  for (std::uint64_t const late : {1'100u, 600u, 3u}) spread(late, 1, 1);  // once more, in a later flush
  close();
  for (bool const together : {false, true}) {
    open();
    if (together) store->compact();
    close();
    EXPECT_EQ(flushes() == 1, together);
    open();
    EXPECT_EQ(page(1, 20), down(newest, newest - 19));
    EXPECT_EQ(page(1, 40, newest - 80), down(newest - 81, newest - 120)) << "behind what a first page loads";
    EXPECT_EQ(page(1, 2, newest - 300, true), (std::vector<std::uint64_t>{newest - 299, newest - 298}));
    EXPECT_EQ(page(1, 40, newest - 380), down(newest - 381, newest - 420)) << "and behind what is kept";
    EXPECT_EQ(page(1, 900), down(newest, newest - 899));
    EXPECT_EQ(page(1, 900, newest - 899), down(newest - 900, 1));
    close();
  }
}

TEST_F(RingTest, EntriesThatCameBeforeTheFeedWasReadAreNotLostByReadingOnlyItsBeginning) {
  open();
  for (std::uint64_t id = 1; id <= 300; ++id) spread(id * 2, 1, 1);
  close();
  open();
  for (std::uint64_t const id : {599u, 301u, 1u}) spread(id, 1, 1);
  EXPECT_EQ(page(1, 3), (std::vector<std::uint64_t>{600, 599, 598}));
  EXPECT_EQ(page(1, 3, 303), (std::vector<std::uint64_t>{302, 301, 300}));
  EXPECT_EQ(page(1, 3, 3), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_FALSE(more);
}

// A hundred are read at first: a feed may have just as many, or have got some since that are no longer behind them.
TEST_F(RingTest, TheEndOfAFeedIsFoundHoweverManyThereAre) {
  for (std::uint64_t const count : {99u, 100u, 101u, 103u, 399u, 400u, 401u, 403u}) {
    open();
    for (std::uint64_t id = 1; id <= count; ++id) spread(id, 1, 1);
    close();
    open();
    EXPECT_EQ(page(1, 20), down(count, count - 19));
    EXPECT_EQ(page(1, 512), down(count, 1)) << count;
    close();
    open();
    EXPECT_EQ(page(1, 20), down(count, count - 19));
    for (std::uint64_t id = count + 1; id <= count + 5; ++id) spread(id, 1, 1);
    EXPECT_EQ(page(1, 20), down(count + 5, count - 14));
    EXPECT_EQ(page(1, 512), down(count + 5, 1)) << count;
    EXPECT_FALSE(more);
    close();
    std::filesystem::remove_all(folder);
    disk->restart();
  }
}

TEST_F(RingTest, MemoryIsBoundedAndNothingIsLostByThat) {
  options.ring_bytes = 256 << 10;
  options.ring_entries_dirty_max = 5'000;
  open();
  for (std::uint64_t id = 1; id <= 600; ++id) {
    spread(id, 1, 100);
    page(id % 100 + 1, 20);
  }
  for (int wait = 0; wait < 200 && store->stats().ring_bytes > options.ring_bytes; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_LE(store->stats().ring_bytes, options.ring_bytes * 2);
  for (std::uint64_t person = 1; person <= 100; ++person) EXPECT_EQ(page(person, 20), down(600, 581)) << person;
}

TEST_F(RingTest, ExpiredEntriesAreNotShown) {
  open();
  spread(1, 1, 1, clock.now() + std::chrono::milliseconds{300});
  spread(2, 1, 1);
  EXPECT_EQ(page(1, 20), down(2, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds{320});
  EXPECT_EQ(page(1, 20), down(2, 2));
  store->compact();
  EXPECT_EQ(walked(), 1u);
}

TEST_F(RingTest, RowsAppliedToASpreadTableWinByVersion) {
  open();
  spread(1, 1, 2, no_time, 5);
  std::vector<RawRow> rows;
  rows.push_back({entry(1, 1), {.version = 9}, text_value("post 1"), true});
  rows.push_back({entry(2, 1), {.version = 3}, text_value("older"), false});
  rows.push_back({entry(2, 2), {.version = 3}, text_value("post 2"), false});
  run(store->wide().apply(rows));
  EXPECT_EQ(page(1, 20).size(), 0u);
  EXPECT_EQ(page(2, 20), down(2, 1));
}

}  // namespace
}  // namespace kith
