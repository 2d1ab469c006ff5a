#include "ports/table/rocksdb_cache.h"

#include <gtest/gtest.h>

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
  RowPtr found = row(1).row;
  EXPECT_TRUE(cache.find(thing(1, "a"), found));
  EXPECT_FALSE(found);
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

}  // namespace
}  // namespace kith::rocks
