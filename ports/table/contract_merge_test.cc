// Where the newest version wins: wide puts, and `apply` of both classes.

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "ports/table/contract.h"

namespace kith::contract {
namespace {

class NewestWins : public EngineTest {
 protected:
  void write(RowKey key, std::string_view text, Version version, Time expires_at = no_time) {
    std::vector<WidePut> puts{{std::move(key), text_value(text), version, expires_at}};
    run(wide().put(std::move(puts)));
  }
  void remove(RowKey key, Version version) {
    std::vector<WideErase> erases{{std::move(key), version}};
    run(wide().erase(std::move(erases)));
  }
  void apply(std::vector<RawRow> rows) {
    run(rows[0].key.table->table_class == TableClass::strict ? strict().apply(rows) : wide().apply(rows));
  }
  RawRow raw(RowKey key, std::string_view text, Version version) {
    return {std::move(key), {.version = version, .operation = 0}, text_value(text), false};
  }
  RawRow erased(RowKey key, Version version) { return {std::move(key), {.version = version}, {}, true}; }
};

TEST_P(NewestWins, WidePutIsSeenAndAnOlderOneChangesNothing) {
  write(note(1, 1), "two", 2);
  EXPECT_EQ(version_of(get(note(1, 1))), 2);
  write(note(1, 1), "one", 1);
  EXPECT_EQ(read(note(1, 1)), text_value("two"));
  write(note(1, 1), "three", 3);
  EXPECT_EQ(read(note(1, 1)), text_value("three"));
}

TEST_P(NewestWins, WideEraseIsRemembered) {
  write(note(1, 1), "one", 1);
  remove(note(1, 1), 5);
  EXPECT_EQ(read(note(1, 1)), "missing");
  write(note(1, 1), "late", 4);
  EXPECT_EQ(read(note(1, 1)), "missing");
  reopen();
  write(note(1, 1), "late", 4);
  EXPECT_EQ(read(note(1, 1)), "missing");
  write(note(1, 1), "new", 6);
  EXPECT_EQ(read(note(1, 1)), text_value("new"));
  // Also where no row ever was.
  remove(note(1, 2), 5);
  write(note(1, 2), "late", 4);
  EXPECT_EQ(read(note(1, 2)), "missing");
  // And an older erase does not reach a newer row.
  remove(note(1, 1), 5);
  EXPECT_EQ(read(note(1, 1)), text_value("new"));
}

TEST_P(NewestWins, TieGoesToTheEraseThenToTheLargerBytes) {
  write(note(1, 1), "b", 7);
  write(note(1, 1), "a", 7);
  EXPECT_EQ(read(note(1, 1)), text_value("b"));
  write(note(1, 1), "c", 7);
  EXPECT_EQ(read(note(1, 1)), text_value("c"));
  remove(note(1, 1), 7);
  EXPECT_EQ(read(note(1, 1)), "missing");
  write(note(1, 1), "d", 7);
  EXPECT_EQ(read(note(1, 1)), "missing");
}

TEST_P(NewestWins, ExpiredWideRowIsGoneAndANewerOneComes) {
  write(note(1, 1), "short", 1, time.now() + std::chrono::minutes{1});
  EXPECT_EQ(read(note(1, 1)), text_value("short"));
  time.advance(std::chrono::minutes{1});
  EXPECT_EQ(read(note(1, 1)), "missing");
  Time const end = time.now() + std::chrono::minutes{1};
  write(note(1, 1), "new", 2, end);
  EXPECT_EQ(read(note(1, 1)), text_value("new"));
  EXPECT_EQ(get(note(1, 1))->header.expires_at, end);
}

TEST_P(NewestWins, SpreadWritesOneRowToManyPartitions) {
  write(note(2, 9), "newer", 8);
  Spread spread{&notes, note(0, 9).sort, text_value("entry"), 4, time.now() + std::chrono::hours{1}, {}};
  for (std::uint64_t owner = 1; owner <= spread_max; ++owner) spread.partitions.push_back(note(owner, 9).partition);
  run(wide().spread(spread));
  run(wide().spread(spread));
  EXPECT_EQ(read(note(1, 9)), text_value("entry"));
  EXPECT_EQ(version_of(get(note(1, 9))), 4);
  EXPECT_EQ(read(note(2, 9)), text_value("newer"));
  EXPECT_EQ(read(note(spread_max, 9)), text_value("entry"));
  EXPECT_EQ(read(note(spread_max, 8)), "missing");
  Range range{&notes, note(3, 0).partition};
  auto const scanned = run(wide().scan(range));
  ASSERT_EQ(scanned.rows.size(), 1u);
  EXPECT_EQ(scanned.rows[0].key, note(3, 9));
  reopen();
  EXPECT_EQ(read(note(700, 9)), text_value("entry"));
  remove(note(700, 9), 5);
  run(wide().spread(spread));
  EXPECT_EQ(read(note(700, 9)), "missing");
  EXPECT_EQ(walk(&notes, 500).size(), spread_max - 1);
  time.advance(std::chrono::hours{1});
  EXPECT_EQ(read(note(1, 9)), "missing");
  spread.partitions.push_back(note(1, 1).partition);
  EXPECT_EQ(refused(wide().spread(spread)), Code::invalid);
}

TEST_P(NewestWins, WideLimitsAreKeptAndOneMoreIsRefused) {
  std::vector<WidePut> puts;
  std::vector<WideErase> erases;
  for (std::uint64_t id = 1; id <= 1000; ++id) {
    puts.push_back({note(1, id), text_value("x"), 1});
    erases.push_back({note(1, id), 2});
  }
  run(wide().put(puts));
  EXPECT_EQ(read(note(1, 1000)), text_value("x"));
  run(wide().erase(erases));
  EXPECT_EQ(read(note(1, 1000)), "missing");
  puts.push_back({note(1, 1001), text_value("x"), 1});
  erases.push_back({note(1, 1001), 2});
  EXPECT_EQ(refused(wide().put(puts)), Code::invalid);
  EXPECT_EQ(refused(wide().erase(erases)), Code::invalid);
  std::vector<WidePut> large{{note(2, 1), std::string(row_bytes_max, 'x'), 1}};
  large[0].value = text_value(std::string(row_bytes_max - 4, 'x'));
  run(wide().put(large));
  EXPECT_EQ(read(note(2, 1)).size(), row_bytes_max);
  large[0].value = text_value(std::string(row_bytes_max - 3, 'x'));
  EXPECT_EQ(refused(wide().put(large)), Code::invalid);
}

TEST_P(NewestWins, ApplyBringsRowsWithTheirVersions) {
  for (RowKey const& key : {thing(1, "a"), note(1, 1)}) {
    RawRow row = raw(key, "moved", 40);
    row.header.expires_at = time.now() + std::chrono::hours{1};
    apply({row});
    EXPECT_EQ(read(key), text_value("moved"));
    EXPECT_EQ(version_of(get(key)), 40);
    EXPECT_EQ(get(key)->header.expires_at, row.header.expires_at);
    apply({raw(key, "older", 39)});
    EXPECT_EQ(read(key), text_value("moved"));
    apply({erased(key, 41)});
    EXPECT_EQ(read(key), "missing");
    apply({raw(key, "late", 40)});
    EXPECT_EQ(read(key), "missing");
    apply({raw(key, "newer", 42)});
    EXPECT_EQ(read(key), text_value("newer"));
  }
}

TEST_P(NewestWins, ApplyAfterACommittedEraseRevivesNothing) {
  Version const version = put(thing(1, "a"), "there").versions.at(0);
  erase(thing(1, "a"));
  reopen();
  apply({raw(thing(1, "a"), "there", version)});
  EXPECT_EQ(read(thing(1, "a")), "missing");
}

TEST_P(NewestWins, CommitsGrowBeyondAppliedVersions) {
  Version const future = time.now().time_since_epoch().count() + 1'000'000'000;
  apply({raw(thing(1, "a"), "moved", future)});
  EXPECT_EQ(put(thing(1, "a"), "next").versions.at(0), future + 1);
  apply({erased(thing(1, "b"), future)});
  Commit insert = commit();
  insert.checks.push_back({thing(1, "b"), std::nullopt});
  insert.puts.push_back({thing(1, "b"), text_value("new")});
  EXPECT_EQ(run(strict().commit(std::move(insert))).versions.at(0), future + 1);
}

TEST_P(NewestWins, DoubledAndShuffledAppliesConverge) {
  for (bool const strict_class : {true, false}) {
    auto const key = [&](std::uint64_t copy, std::uint64_t row) {
      return strict_class ? thing(copy, "n", row) : note(copy, row);
    };
    std::mt19937 random(7);
    std::vector<RawRow> changes;
    for (int i = 0; i < 60; ++i) {
      auto const row = random() % 6, version = 1 + random() % 8;
      changes.push_back(random() % 3 == 0 ? erased(key(0, row), static_cast<Version>(version))
                                          : raw(key(0, row), std::string(1, static_cast<char>('a' + random() % 3)),
                                                static_cast<Version>(version)));
    }
    auto const state = [&](std::uint64_t copy) {
      std::string text;
      for (std::uint64_t row = 0; row < 6; ++row)
        text += read(key(copy, row)) + '@' + std::to_string(version_of(get(key(copy, row)))) + ' ';
      return text;
    };
    for (std::uint64_t copy = 1; copy <= 4; ++copy) {
      std::ranges::shuffle(changes, random);
      std::vector<RawRow> copied = changes;
      for (int i = 0; i < 20; ++i) copied.push_back(changes[random() % changes.size()]);
      for (RawRow& row : copied) row.key.partition = key(copy, 0).partition;
      for (std::size_t begin = 0; begin < copied.size(); begin += 8)
        apply({copied.begin() + static_cast<std::ptrdiff_t>(begin),
               copied.begin() + static_cast<std::ptrdiff_t>(begin + 8)});
      EXPECT_EQ(state(copy), state(1));
    }
  }
}

TEST_P(NewestWins, WalkedRowsAppliedElsewhereAreTheSame) {
  put(thing(1, "a"), "one");
  put(thing(2, "b"), "two");
  put(thing(2, "c"), "three");
  erase(thing(2, "c"));
  auto const rows = walk(&things);
  ASSERT_EQ(rows.size(), 2u);
  Commit const repeat{.operation = 1, .puts = {{thing(1, "a"), text_value("one")}}};
  VirtualTime other_time(GetParam().others_work);
  auto const other = GetParam().make(other_time);
  other->open();
  other_time.run(other->strict().apply(rows));
  std::vector<RowKey> const keys{thing(1, "a"), thing(2, "b"), thing(2, "c")};
  auto const here = run(strict().get(keys));
  auto const there = other_time.run(other->strict().get(keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(value_of(here[i]), value_of(there[i]));
    EXPECT_EQ(version_of(here[i]), version_of(there[i]));
  }
  // The operation moved with the row: a repeat after the move is still done once.
  EXPECT_EQ(other_time.run(other->strict().commit(repeat)).versions.at(0), version_of(here[0]));
  other->close();
}

INSTANTIATE_TEST_SUITE_P(Engines, NewestWins, testing::ValuesIn(wide_engines()), name_of_engine);

}  // namespace
}  // namespace kith::contract
