#include "ports/table/rocksdb/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "ports/table/contract.h"

namespace kith::rocks {
namespace {

using contract::thing;

CachedRow row(Version version, std::string value = "value") {
  auto contents = std::make_shared<contract::Contents>();
  contents->header.version = version;
  contents->bytes = static_cast<std::uint32_t>(sizeof(contract::Contents) + value.size());
  contents->value = std::move(value);
  return {contents, version, 7, no_time};
}

Version version_in(RowCache& cache, RowKey const& key) {
  CachedRow found;
  return cache.find(key, found) ? found.version : -1;
}

TEST(RowCache, KnowsWhatWasPublishedAndNothingElse) {
  RowCache cache(1 << 20);
  cache.publish(thing(1, "a"), row(5));
  EXPECT_EQ(version_in(cache, thing(1, "a")), 5);
  EXPECT_EQ(version_in(cache, thing(1, "b")), -1);
  EXPECT_EQ(version_in(cache, {&contract::notes, thing(1, "a").partition, thing(1, "a").sort}), -1);
}

TEST(RowCache, AbsenceIsKnownWithTheVersionOfTheErase) {
  RowCache cache(1 << 20);
  cache.publish(thing(1, "a"), {nullptr, 9, 3, no_time});
  RowKey const keys[] = {thing(1, "a")};
  std::vector<RowPtr> found;
  std::vector<std::size_t> missing;
  cache.find(keys, found, missing);
  EXPECT_TRUE(missing.empty());
  EXPECT_FALSE(found.at(0));
  EXPECT_EQ(version_in(cache, thing(1, "a")), 9);
}

TEST(RowCache, ReaderThatReadBeforeAWriteDoesNotBringTheOldRowBack) {
  RowCache cache(1 << 20);
  auto const ticket = cache.ticket(thing(1, "a"));
  cache.publish(thing(1, "a"), row(6));
  cache.forget(thing(1, "a"));
  cache.fill(thing(1, "a"), ticket, row(5));
  EXPECT_EQ(version_in(cache, thing(1, "a")), -1);
  cache.fill(thing(1, "a"), cache.ticket(thing(1, "a")), row(6));
  EXPECT_EQ(version_in(cache, thing(1, "a")), 6);
}

TEST(RowCache, AnnouncedRowIsNotFilledByAnOlderReader) {
  RowCache cache(1 << 20);
  auto const ticket = cache.ticket(thing(1, "a"));
  EXPECT_FALSE(cache.announce(thing(1, "a")));
  cache.fill(thing(1, "a"), ticket, row(5));
  EXPECT_EQ(version_in(cache, thing(1, "a")), -1);
}

TEST(RowCache, StaysWithinItsBytesAndKeepsWhatIsUsed) {
  constexpr std::size_t bytes = 1 << 20;
  RowCache cache(bytes);
  cache.publish(thing(1, "used"), row(1));
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    cache.publish(thing(i, "row"), row(2, std::string(100, 'x')));
    EXPECT_EQ(version_in(cache, thing(1, "used")), 1) << i;
  }
  auto const counts = cache.counts();
  EXPECT_LE(counts.bytes, bytes);
  EXPECT_GT(counts.bytes, bytes / 2);
  EXPECT_GT(counts.rows, 1'000u);
}

TEST(RowCache, RowTooLargeIsNotKept) {
  RowCache cache(1 << 20);
  cache.publish(thing(1, "a"), row(1, std::string(200'000, 'x')));
  EXPECT_EQ(version_in(cache, thing(1, "a")), -1);
}

// Against the simplest thing that could be right, with keys of every length and slots that collide.
TEST(RowCache, ManyAreFoundTogetherAsEachAlone) {
  RowCache cache(64 << 20);
  std::map<std::uint64_t, Version> known;
  std::mt19937_64 random(7);
  auto const key = [](std::uint64_t number) { return thing(number, std::string(number % 40 + 1, 'k')); };
  for (int round = 0; round < 400; ++round) {
    for (int act = 0; act < 100; ++act) {
      std::uint64_t const number = random() % 5'000;
      if (random() % 3 == 0) {
        cache.forget(key(number));
        known.erase(number);
      } else {
        known[number] = static_cast<Version>(random() % 1'000 + 1);
        cache.publish(key(number), row(known[number]));
      }
    }
    std::vector<RowKey> keys;
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < 75; ++i) keys.push_back(key(numbers.emplace_back(random() % 5'000)));
    std::vector<RowPtr> rows;
    std::vector<std::size_t> missing;
    cache.find(keys, rows, missing);
    auto next = missing.begin();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      auto const is = known.find(numbers[i]);
      if (is != known.end()) {
        ASSERT_TRUE(rows[i]);
        EXPECT_EQ(rows[i]->header.version, is->second);
      } else {
        ASSERT_TRUE(next != missing.end() && *next++ == i);
      }
    }
    EXPECT_EQ(next, missing.end());
  }
  EXPECT_EQ(cache.counts().rows, known.size());
}

// What a thread sanitizer has something to say about.
TEST(RowCache, ReadersLookOnWhileItGrowsAndShrinks) {
  RowCache cache(4 << 20);
  std::atomic<bool> over = false;
  std::thread reader([&] {
    std::vector<RowKey> keys;
    for (std::uint64_t i = 0; i < 200; ++i) keys.push_back(thing(i * 50, "row"));
    while (!over) {
      std::vector<RowPtr> rows;
      std::vector<std::size_t> missing;
      cache.find(keys, rows, missing);
      for (RowPtr const& found : rows) EXPECT_TRUE(!found || found->header.version == 3);
    }
  });
  for (std::uint64_t i = 0; i < 40'000; ++i) cache.publish(thing(i % 10'000, "row"), row(3, std::string(i % 300, 'x')));
  over = true;
  reader.join();
}

}  // namespace
}  // namespace kith::rocks
