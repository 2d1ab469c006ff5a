// What strict.h and wide.h promise of reads, for every engine and both classes.

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "ports/table/contract.h"

namespace kith::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TableReads : public EngineTest {
 protected:
  // A strict row where `strict_class`, else a wide one; both sort by number, the largest first.
  RowKey row(bool strict_class, std::uint64_t owner, std::uint64_t number) {
    return strict_class ? thing(owner, "n", number) : note(owner, number);
  }
  void write(RowKey key, std::string_view text, Time expires_at = no_time) {
    if (key.table->table_class == TableClass::strict) {
      Commit change = commit();
      change.puts.push_back({std::move(key), text_value(text), expires_at});
      run(strict().commit(std::move(change)));
    } else {
      std::vector<WidePut> puts{{std::move(key), text_value(text), ++version, expires_at}};
      run(wide().put(std::move(puts)));
    }
  }
  void remove(RowKey key) {
    if (key.table->table_class == TableClass::strict) {
      erase(std::move(key));
    } else {
      std::vector<WideErase> erases{{std::move(key), ++version}};
      run(wide().erase(std::move(erases)));
    }
  }
  std::vector<RowPtr> get_many(std::vector<RowKey> keys) {
    return run(keys[0].table->table_class == TableClass::strict ? strict().get(keys) : wide().get(keys));
  }
  Scanned scan(Range range) {
    return run(range.table->table_class == TableClass::strict ? strict().scan(range) : wide().scan(range));
  }
  // The scanned rows' texts, each with "+" behind when more are left.
  std::vector<std::string> texts(Range range) {
    Scanned const scanned = scan(std::move(range));
    std::vector<std::string> texts;
    for (auto const& row : scanned.rows) texts.push_back(value_of(row.row).substr(2));
    if (scanned.more) texts.push_back("+");
    return texts;
  }

  Version version = 0;
};

TEST_P(TableReads, RowNobodyWroteIsMissingAlsoBesideARowSomebodyWrote) {
  put(name("poll:7"), "0");
  EXPECT_EQ(read(name("poll:")), "missing");
  EXPECT_EQ(read(name("poll:70")), "missing");
  put(thing(7, "ada"), "0");
  EXPECT_EQ(read(thing(7, "ad")), "missing");
  EXPECT_EQ(read(thing(7, "adaa")), "missing");
  EXPECT_EQ(read(thing(70, "ada")), "missing");
  EXPECT_EQ(read(note(7, 1)), "missing");
}

TEST_P(TableReads, ManyRowsComeInTheOrderOfTheirKeys) {
  for (bool const strict_class : {true, false}) {
    write(row(strict_class, 1, 1), "one");
    write(row(strict_class, 2, 2), "two");
    std::vector<RowKey> keys{row(strict_class, 2, 2), row(strict_class, 1, 9), row(strict_class, 1, 1),
                             row(strict_class, 2, 2)};
    auto const rows = get_many(keys);
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(value_of(rows[0]), text_value("two"));
    EXPECT_FALSE(rows[1]);
    EXPECT_EQ(value_of(rows[2]), text_value("one"));
    EXPECT_EQ(value_of(rows[3]), text_value("two"));
  }
  EXPECT_THAT(run(strict().get({})), IsEmpty());
  EXPECT_THAT(run(wide().get({})), IsEmpty());
}

TEST_P(TableReads, FastLaneAgreesWithGet) {
  put(thing(1, "a"), "one");
  put(thing(1, "gone"), "one");
  erase(thing(1, "gone"));
  std::vector<RowKey> const keys{thing(1, "a"), thing(1, "b"), thing(1, "gone")};
  std::vector<RowPtr> rows;
  auto const slow = get_many(keys);
  if (!strict().get_now(keys, rows)) return;
  ASSERT_EQ(rows.size(), slow.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(value_of(rows[i]), value_of(slow[i]));
    EXPECT_EQ(version_of(rows[i]), version_of(slow[i]));
  }
}

TEST_P(TableReads, ScanGoesBothWaysWithinBoundsAndLimit) {
  for (bool const strict_class : {true, false}) {
    for (std::uint64_t number = 1; number <= 5; ++number) write(row(strict_class, 1, number), std::to_string(number));
    write(row(strict_class, 0, 6), "before");
    write(row(strict_class, 2, 6), "after");
    RowKey const four = row(strict_class, 1, 4), two = row(strict_class, 1, 2);
    Table const table = four.table;
    EXPECT_THAT(texts({table, four.partition}), ElementsAre("5", "4", "3", "2", "1"));
    EXPECT_THAT(texts({table, four.partition, four.sort, two.sort}), ElementsAre("4", "3"));
    EXPECT_THAT(texts({table, four.partition, four.sort, {}}), ElementsAre("4", "3", "2", "1"));
    EXPECT_THAT(texts({table, four.partition, {}, two.sort}), ElementsAre("5", "4", "3"));
    EXPECT_THAT(texts({table, four.partition, {}, {}, true}), ElementsAre("1", "2", "3", "4", "5"));
    EXPECT_THAT(texts({table, four.partition, four.sort, two.sort, true}), ElementsAre("3", "4"));
    EXPECT_THAT(texts({table, four.partition, {}, {}, false, 2}), ElementsAre("5", "4", "+"));
    EXPECT_THAT(texts({table, four.partition, {}, {}, true, 2}), ElementsAre("1", "2", "+"));
    EXPECT_THAT(texts({table, four.partition, {}, {}, false, 5}), ElementsAre("5", "4", "3", "2", "1"));
    EXPECT_THAT(texts({table, four.partition, two.sort, four.sort}), IsEmpty());
    EXPECT_THAT(texts({table, row(strict_class, 3, 1).partition}), IsEmpty());
    Scanned const scanned = scan({table, four.partition, four.sort, two.sort});
    ASSERT_EQ(scanned.rows.size(), 2u);
    EXPECT_EQ(scanned.rows[0].key, four);
    EXPECT_GT(scanned.rows[0].row->header.version, 0);
  }
}

TEST_P(TableReads, ScanShowsNeitherErasedNorExpiredRowsNorCountsThemAsMore) {
  for (bool const strict_class : {true, false}) {
    for (std::uint64_t number = 1; number <= 6; ++number)
      write(row(strict_class, 1, number), std::to_string(number),
            number % 2 == 0 ? time.now() + std::chrono::minutes{1} : no_time);
    remove(row(strict_class, 1, 3));
    RowKey const any = row(strict_class, 1, 1);
    EXPECT_THAT(texts({any.table, any.partition}), ElementsAre("6", "5", "4", "2", "1"));
    time.advance(std::chrono::minutes{1});
    EXPECT_THAT(texts({any.table, any.partition, {}, {}, false, 2}), ElementsAre("5", "1"));
    EXPECT_THAT(texts({any.table, any.partition, {}, {}, true, 1}), ElementsAre("1", "+"));
    remove(row(strict_class, 1, 5));
    EXPECT_THAT(texts({any.table, any.partition, {}, {}, true, 1}), ElementsAre("1"));
    EXPECT_EQ(read(row(strict_class, 1, 2)), "missing");
  }
}

TEST_P(TableReads, KeysSortByBytes) {
  std::vector<std::string> const sorted{"B", "Z", "_", "a", "a ", "ab", "z", "ß", "ä", "𝄞"};
  for (auto const& text : sorted) put(thing(1, text), text);
  EXPECT_THAT(texts({&things, big_endian(1)}), testing::ElementsAreArray(sorted));
}

TEST_P(TableReads, PartitionsThatBeginAlikeAreApart) {
  std::vector<std::string> const texts_{"a", "a\x01", "aa", "a\x7F", "aä"};
  for (auto const& text : texts_) put(name(text), text);
  for (auto const& text : texts_) EXPECT_THAT(texts({&names, text}), ElementsAre(text));
}

TEST_P(TableReads, EveryByteOfAValueAndEveryTextOfAKeyComesBack) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  for (bool const strict_class : {true, false}) {
    write(row(strict_class, 1, 1), bytes);
    EXPECT_EQ(read(row(strict_class, 1, 1)), text_value(bytes));
    write(row(strict_class, 1, 2), "");
    EXPECT_EQ(read(row(strict_class, 1, 2)), text_value(""));
    for (std::uint64_t const number : {std::uint64_t{0}, std::uint64_t{1} << 32, id_max, ~std::uint64_t{0}}) {
      write(row(strict_class, number, number), "number");
      EXPECT_EQ(read(row(strict_class, number, number)), text_value("number"));
    }
  }
  for (int code = 1; code < 0x80; ++code) put(name("x" + std::string(1, static_cast<char>(code))), "ASCII");
  for (char const* text : {"\u0080", "\u07FF", "\u0800", "\uD7FF", "\uFFFF", "\U00010000", "\U0010FFFF"}) {
    put(name(text), text);
    EXPECT_EQ(read(name(text)), text_value(text));
    put(thing(1, text), text);
    EXPECT_EQ(read(thing(1, text)), text_value(text));
  }
  reopen();
  for (int code = 1; code < 0x80; ++code)
    EXPECT_EQ(read(name("x" + std::string(1, static_cast<char>(code)))), text_value("ASCII"));
  EXPECT_EQ(read(note(1, 1)), text_value(bytes));
  EXPECT_EQ(read(thing(1, "\U0010FFFF")), text_value("\U0010FFFF"));
}

TEST_P(TableReads, RowWithoutAnyFieldIsThere) {
  Commit change = commit();
  change.puts.push_back({thing(1, "bare"), {}});
  run(strict().commit(std::move(change)));
  std::vector<WidePut> puts{{note(1, 1), {}, 1}};
  run(wide().put(std::move(puts)));
  EXPECT_EQ(read(thing(1, "bare")), "");
  EXPECT_EQ(read(note(1, 1)), "");
}

TEST_P(TableReads, LimitsOfReadsAreKeptAndOneMoreIsRefused) {
  for (bool const strict_class : {true, false}) {
    std::vector<RowKey> keys(multi_get_max, row(strict_class, 1, 1));
    EXPECT_EQ(get_many(keys).size(), multi_get_max);
    keys.push_back(row(strict_class, 1, 1));
    EXPECT_EQ(strict_class ? refused(strict().get(keys)) : refused(wide().get(keys)), Code::invalid);
    RowKey const any = keys[0];
    Range range{any.table, any.partition, {}, {}, false, scan_max};
    EXPECT_FALSE(scan(range).more);
    range.limit = scan_max + 1;
    EXPECT_EQ(strict_class ? refused(strict().scan(range)) : refused(wide().scan(range)), Code::invalid);
  }
}

TEST_P(TableReads, WalkMeetsEveryRowThatIsThereThroughout) {
  for (bool const strict_class : {true, false}) {
    std::set<std::pair<std::string, std::string>> steady, seen;
    for (std::uint64_t owner = 1; owner <= 10; ++owner)
      for (std::uint64_t number = 1; number <= 4; ++number) {
        RowKey const key = row(strict_class, owner, number);
        write(key, "steady");
        steady.emplace(key.partition, key.sort);
        write(row(strict_class, owner, 10 + number), "goes");
      }
    std::string cursor;
    std::uint64_t turn = 0;
    Table const table = row(strict_class, 1, 1).table;
    do {
      RawPage page = run(strict_class ? strict().scan_all(table, cursor, 5) : wide().scan_all(table, cursor, 5));
      EXPECT_LE(page.rows.size(), 5u);
      for (RawRow const& raw : page.rows) {
        EXPECT_FALSE(raw.erased);
        EXPECT_EQ(raw.key.table, table);
        EXPECT_GT(raw.header.version, 0);
        seen.emplace(raw.key.partition, raw.key.sort);
      }
      cursor = page.cursor;
      ++turn;
      write(row(strict_class, turn % 10 + 1, 1), "changed");
      remove(row(strict_class, turn % 10 + 1, 11));
      write(row(strict_class, turn % 10 + 1, 100 + turn), "comes");
      if (turn == 3) reopen();  // a walk goes on over a restart
      ASSERT_LT(turn, 200u) << "a walk that rows are added to still ends";
    } while (!cursor.empty());
    EXPECT_TRUE(std::ranges::includes(seen, steady));
  }
}

TEST_P(TableReads, WalkShowsRowsAsTheyAre) {
  write(thing(1, "a", 1), "one");
  Time const end = time.now() + std::chrono::hours{1};
  write(note(1, 1), "wide", end);
  remove(thing(2, "never there"));
  write(name("other"), "table");
  auto const strict_rows = walk(&things);
  ASSERT_EQ(strict_rows.size(), 1u);
  EXPECT_EQ(strict_rows[0].key, thing(1, "a", 1));
  EXPECT_EQ(strict_rows[0].value, text_value("one"));
  EXPECT_EQ(strict_rows[0].header.version, version_of(get(thing(1, "a", 1))));
  auto const wide_rows = walk(&notes);
  ASSERT_EQ(wide_rows.size(), 1u);
  EXPECT_EQ(wide_rows[0].header.expires_at, end);
  EXPECT_THAT(walk(&tallies), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Engines, TableReads, testing::ValuesIn(wide_engines()), name_of_engine);

}  // namespace
}  // namespace kith::contract
