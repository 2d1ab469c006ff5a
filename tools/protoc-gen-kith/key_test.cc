#include "ports/table/key.h"

#include <gtest/gtest.h>

#include <random>

#include "ports/table/tables.h"
#include "tools/protoc-gen-kith/testdata/sample.kith.h"

namespace kith::sample {
namespace {

using Key = Vote::Key;

// The order that a description promises: as the parts stand, "-name" the other way.
auto order(Key const& key) {
  return std::tuple(static_cast<std::uint32_t>(key.kind), -key.at.time_since_epoch().count(), key.name, key.open,
                    ~key.small, key.voter.value, key.place);
}

Key random_key(std::mt19937_64& random) {
  std::string const words[] = {"", "a", "aa", "ab", "b", "ä", "\x01", "zz\x7F"};
  auto const word = [&] { return words[random() % std::size(words)]; };
  return {.poll = PollId{random() % 3},
          .room = word(),
          .kind = static_cast<Audience>(random() % 3),
          .at = Time(Duration(static_cast<std::int64_t>(random() % 3 << (random() % 50)))),
          .name = word(),
          .open = random() % 2 == 0,
          .small = static_cast<std::uint32_t>(random() % 3 << (random() % 30)),
          .voter = AccountId{random() % 3 << (random() % 61)},
          .place = word()};
}

TEST(Keys, LieInTheOrderOfTheirValues) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    Key const a = random_key(random);
    Key const b = random_key(random);
    ASSERT_EQ(order(a) < order(b), Vote::encode_key(a).sort < Vote::encode_key(b).sort);
    ASSERT_EQ(order(a) == order(b), Vote::encode_key(a).sort == Vote::encode_key(b).sort);
    bool const same = a.poll == b.poll && a.room == b.room;
    ASSERT_EQ(same, Vote::encode_key(a).partition == Vote::encode_key(b).partition);
  }
}

TEST(Keys, ComeBackFromTheirBytes) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 2'000; ++round) {
    Key const key = random_key(random);
    auto const row = Vote::table().parse(Vote::encode_key(key), {}, {});
    ASSERT_EQ(static_cast<TypedRow<Vote> const&>(*row).value.key(), key);
  }
}

TEST(Keys, FirstPartsAreTheBeginningOfAllTheirKeys) {
  Key const key{
      .kind = Audience::friends, .at = Time(Duration(5)), .name = "ada", .open = true, .small = 6, .place = "x"};
  std::string const sort = Vote::encode_key(key).sort;
  EXPECT_TRUE(sort.starts_with(Vote::sort(key.kind)));
  EXPECT_TRUE(sort.starts_with(Vote::sort(key.kind, key.at)));
  EXPECT_TRUE(sort.starts_with(Vote::sort(key.kind, key.at, key.name)));
  EXPECT_FALSE(sort.starts_with(Vote::sort(key.kind, key.at, "ad")));  // text that another part follows is whole
  EXPECT_EQ(sort, Vote::sort(key.kind, key.at, key.name, key.open, key.small, key.voter, key.place));
}

TEST(Keys, AreWrittenAsTheyWillBeForEver) {
  Key const key{.poll = PollId{0x0102},
                .room = "r",
                .kind = Audience::public_,
                .at = Time(Duration(1)),
                .name = "n",
                .open = true,
                .small = 1,
                .voter = AccountId{3},
                .place = "p"};
  EXPECT_EQ(Vote::encode_key(key).partition, std::string("\0\0\0\0\0\0\1\2r", 9));
  EXPECT_EQ(Vote::encode_key(key).sort, std::string("\0\0\0\2"
                                                    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"
                                                    "n\0"
                                                    "\1"
                                                    "\xFF\xFF\xFF\xFE"
                                                    "\0\0\0\0\0\0\0\3"
                                                    "p",
                                                    28));
}

TEST(Keys, RefuseWhatCannotLieInOrder) {
  EXPECT_THROW(Vote::encode_key({.room = std::string("a\0b", 3)}), Error);
  EXPECT_THROW(Vote::encode_key({.name = "\xFF"}), Error);
  EXPECT_THROW(Vote::encode_key({.at = Time(Duration(-1))}), Error);
}

TEST(Keys, OfAnotherTableAreNotRead) {
  auto const parse = [](std::string partition, std::string sort) {
    return Vote::table().parse({&Vote::table(), std::move(partition), std::move(sort)}, {}, {});
  };
  RowKey const right = Vote::encode_key({.name = "n"});
  EXPECT_NO_THROW(parse(right.partition, right.sort));
  EXPECT_THROW(parse("short", right.sort), Error);
  for (std::size_t size = 0; size < right.sort.size(); ++size)
    EXPECT_THROW(parse(right.partition, right.sort.substr(0, size)), Error);
  EXPECT_THROW(Poll::table().parse({&Poll::table(), std::string(9, 'x'), {}}, {}, {}), Error);
  EXPECT_THROW(Poll::table().parse({&Poll::table(), std::string(8, 'x'), "more"}, {}, {}), Error);
}

}  // namespace
}  // namespace kith::sample
