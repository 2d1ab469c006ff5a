#include "ports/table/cassandra/buckets.h"

#include <gtest/gtest.h>

#include <array>

#include "ports/clock/ids.h"
#include "ports/table/contract_tables.h"

namespace kith::cassandra {
namespace {

using contract::big_endian;

TableDescription table(std::string_view bucket, FieldKind kind, bool descending) {
  static std::array<FieldDescription, 2> fields{FieldDescription{1, "owner", FieldKind::number, false, false}, {}};
  static std::array<KeyPart, 1> sort{};
  fields[1] = {2, "post", kind, false, false};
  sort[0] = {2, descending};
  TableDescription description = contract::notes;
  description.bucket = bucket;
  description.fields = fields;
  description.sort = sort;
  return description;
}

std::string id_at(Duration since_epoch) { return big_endian(~first_id_at(id_epoch + since_epoch)); }

TEST(Buckets, AreCutByTheTimeOfAnId) {
  auto const buckets = Buckets::of(table("28 days of post", FieldKind::number, true));
  ASSERT_TRUE(buckets);
  using std::chrono::days;
  EXPECT_EQ(buckets->of(id_at(days{0})), 0);
  EXPECT_EQ(buckets->of(id_at(days{28} - std::chrono::milliseconds{1})), 0);
  EXPECT_EQ(buckets->of(id_at(days{28})), 1);
  EXPECT_EQ(buckets->of(id_at(days{281}) + "what follows in the key"), 10);
  EXPECT_TRUE(buckets->descending());
  // From the newest id of day 100 down to those newer than day 30, and open at both ends.
  EXPECT_EQ(buckets->between(id_at(days{100}), id_at(days{30})), (std::pair<std::int64_t, std::int64_t>{1, 3}));
  EXPECT_EQ(buckets->between(id_at(days{100}), {}), (std::pair<std::int64_t, std::int64_t>{0, 3}));
  EXPECT_EQ(buckets->between({}, id_at(days{30})).first, 1);
}

TEST(Buckets, BeginProbablyAtTheBoundOrWithWhatIsWrittenNow) {
  using std::chrono::days;
  Time const now = id_epoch + days{100};
  auto const likely = [&](Buckets const& buckets, std::string const& from, std::string const& to, bool falling) {
    return buckets.likely_first(buckets.between(from, to), falling, now);
  };
  auto const ids = *Buckets::of(table("28 days of post", FieldKind::number, true));
  EXPECT_EQ(likely(ids, "", "", true), 3);
  EXPECT_EQ(likely(ids, id_at(days{60}), "", true), 2);
  EXPECT_EQ(likely(ids, id_at(days{200}), "", true), 3) << "nobody writes in the future";
  EXPECT_EQ(likely(ids, "", "", false), std::nullopt) << "the oldest may be of any time";
  EXPECT_EQ(likely(ids, "", id_at(days{60}), false), 2);
  auto const times = *Buckets::of(table("28 days of post", FieldKind::time, false));
  EXPECT_EQ(likely(times, "", "", true), now.time_since_epoch() / days{28});
  auto const counts = *Buckets::of(table("5,000 of post", FieldKind::number, false));
  EXPECT_EQ(likely(counts, "", "", true), std::nullopt);
  EXPECT_EQ(likely(counts, "", big_endian(10'000), true), 2);
  EXPECT_EQ(likely(counts, big_endian(10'000), "", false), 2);
}

TEST(Buckets, AreCutByHoursByTimesAndByNumbers) {
  auto const hours = Buckets::of(table("1 hour of post", FieldKind::number, true));
  EXPECT_EQ(hours->of(id_at(std::chrono::hours{5})), 5);
  auto const times = Buckets::of(table("2 hours of post", FieldKind::time, false));
  EXPECT_EQ(times->of(big_endian(std::uint64_t{5} * 3'600'000'000)), 2);
  EXPECT_FALSE(times->descending());
  auto const counts = Buckets::of(table("5,000 of post", FieldKind::number, false));
  EXPECT_EQ(counts->of(big_endian(4'999)), 0);
  EXPECT_EQ(counts->of(big_endian(5'000)), 1);
  EXPECT_EQ(counts->between(big_endian(7), big_endian(10'000)), (std::pair<std::int64_t, std::int64_t>{0, 2}));
}

TEST(Buckets, TheBoundsOfARangeMayBeCutOffKeys) {
  auto const counts = Buckets::of(table("2 of post", FieldKind::number, false));
  EXPECT_EQ(counts->between(big_endian(6).substr(0, 7), big_endian(6) + "x"),
            (std::pair<std::int64_t, std::int64_t>{0, 3}));
  EXPECT_FALSE(Buckets::of(table("", FieldKind::number, false)));
}

TEST(BucketsDeathTest, WhatCannotBeCutIsNoDescription) {
  EXPECT_DEATH(Buckets::of(table("28 weeks of post", FieldKind::number, true)), "28 days of FIELD");
  EXPECT_DEATH(Buckets::of(table("28 days of other", FieldKind::number, true)), "the first part of its sort key");
  EXPECT_DEATH(Buckets::of(table("28 days of post", FieldKind::text, true)), "an id, a time or a number");
}

}  // namespace
}  // namespace kith::cassandra
