#include "ports/table/postgres/columns.h"

#include <gmock/gmock.h>

#include <array>
#include <random>

#include "ports/table/contract_tables.h"
#include "ports/table/key.h"

namespace kith::postgres {
namespace {

using testing::ElementsAre;

constexpr std::array every_field{FieldDescription{1, "person", FieldKind::number, false, false},
                                 FieldDescription{2, "kind", FieldKind::enumeration, false, false},
                                 FieldDescription{3, "name", FieldKind::text, false, false},
                                 FieldDescription{4, "cause", FieldKind::number, false, false},
                                 FieldDescription{5, "count", FieldKind::number, false, false},
                                 FieldDescription{6, "change", FieldKind::signed_number, false, false},
                                 FieldDescription{7, "open", FieldKind::flag, false, false},
                                 FieldDescription{8, "seen_at", FieldKind::time, false, false},
                                 FieldDescription{9, "words", FieldKind::text, false, false},
                                 FieldDescription{10, "hash", FieldKind::bytes, false, false},
                                 FieldDescription{11, "state", FieldKind::enumeration, false, false},
                                 FieldDescription{12, "audience", FieldKind::message, false, false},
                                 FieldDescription{13, "secret", FieldKind::text, false, true},
                                 FieldDescription{14, "lists", FieldKind::number, true, false},
                                 FieldDescription{15, "tags", FieldKind::text, true, false},
                                 FieldDescription{16, "items", FieldKind::message, true, false}};
constexpr std::array by_person{KeyPart{1, false}};
constexpr std::array by_kind_name_cause{KeyPart{2, false}, KeyPart{3, false}, KeyPart{4, true}};
constexpr TableDescription everything{.number = 9,
                                      .service = "tests",
                                      .name = "Everything",
                                      .table_class = TableClass::strict,
                                      .fields = every_field,
                                      .partition = by_person,
                                      .sort = by_kind_name_cause};

std::string varint(std::uint64_t number) {
  std::string out;
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  return out + static_cast<char>(number);
}
std::string number(std::uint32_t field, std::uint64_t value) { return varint(field << 3) + varint(value); }
std::string bytes(std::uint32_t field, std::string const& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}

class PostgresColumns : public testing::Test {
 protected:
  Columns columns{everything};

  std::string joined(std::vector<Cell> const& cells) {
    return columns.join(
        [&](std::size_t i) { return cells[i] ? std::optional<std::string_view>(*cells[i]) : std::nullopt; });
  }
  // Which columns hold something; "rest" last.
  std::vector<std::string> filled(std::string const& value) {
    auto const cells = columns.split(value);
    EXPECT_EQ(joined(cells), value);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns.values().size(); ++i)
      if (cells[i]) names.push_back(columns.values()[i].name);
    if (cells.back()) names.emplace_back("rest");
    return names;
  }
};

TEST_F(PostgresColumns, EveryKindOfFieldHasItsColumn) {
  std::string const value = number(5, 7) + number(6, static_cast<std::uint64_t>(-7)) + number(7, 1) +
                            number(8, 1'770'000'000'123'456) + bytes(9, "words, \u00e4") + bytes(10, "\xFF\x00\x01") +
                            number(11, 3) + bytes(12, number(1, 4)) + bytes(13, "\x9A cipher") +
                            bytes(14, varint(1) + varint(300)) + bytes(15, "one") + bytes(15, "") +
                            bytes(16, number(1, 1));
  EXPECT_THAT(filled(value), ElementsAre("count", "change", "open", "seen_at", "words", "hash", "state", "audience",
                                         "secret", "lists", "tags", "items"));
  std::vector<std::string> types;
  for (Column const& column : columns.values()) types.push_back(column.type);
  EXPECT_THAT(types, ElementsAre("bigint", "bigint", "boolean", "timestamp with time zone", "text", "bytea", "integer",
                                 "bytea", "bytea", "bigint[]", "text[]", "bytea[]"));
}

TEST_F(PostgresColumns, WhatNoColumnHoldsExactlyStaysInTheRest) {
  EXPECT_THAT(filled(""), ElementsAre());
  EXPECT_THAT(filled(number(5, 1) + bytes(99, "of a newer version")), ElementsAre("count", "rest"));
  EXPECT_THAT(filled(number(5, ~std::uint64_t{0})), ElementsAre("rest")) << "beyond 63 bits";
  EXPECT_THAT(filled(bytes(9, "no \xFF UTF-8")), ElementsAre("rest"));
  EXPECT_THAT(filled(bytes(9, std::string("a NUL \0", 7))), ElementsAre("rest"));
  EXPECT_THAT(filled(number(7, 2)), ElementsAre("rest")) << "no flag";
  EXPECT_THAT(filled(number(11, 1ull << 40)), ElementsAre("rest")) << "no enumeration";
  EXPECT_THAT(filled(number(8, INT64_MAX)), ElementsAre("rest")) << "beyond the years of a timestamp";
  EXPECT_THAT(filled(number(5, 1) + number(5, 2)), ElementsAre("rest")) << "twice";
  EXPECT_THAT(filled("\x28\x87\x00" + std::string()), ElementsAre("rest")) << "a number written too long";
  EXPECT_THAT(filled(bytes(5, "bytes, not a number")), ElementsAre("rest"));
  EXPECT_THAT(filled("no message at all"), ElementsAre("rest"));
  EXPECT_THAT(filled(std::string("\x4A\x7F cut off", 10)), ElementsAre("rest"));
}

TEST_F(PostgresColumns, AnyBytesComeBack) {
  std::mt19937 random(11);
  for (int turn = 0; turn < 20'000; ++turn) {
    std::string value;
    for (auto size = random() % 24; size > 0; --size)
      value += static_cast<char>(random() % 4 == 0 ? random() : (random() % 17) << 3 | (random() % 3));
    auto const cells = columns.split(value);
    auto const back = joined(cells);
    // A known field behind an unknown one moves before it; then all is where it stays.
    EXPECT_EQ(back.size(), value.size());
    EXPECT_EQ(joined(columns.split(back)), back);
  }
}

TEST_F(PostgresColumns, KeysAreReadableToo) {
  std::string sort;
  key::put(sort, std::uint32_t{2});
  key::put_followed(sort, "ada");
  key::put_descending(sort, std::uint64_t{77});
  auto const cells = columns.of_key({&everything, contract::big_endian(5), sort});
  EXPECT_THAT(cells, ElementsAre(Cell(bigint(5)), Cell(big_endian(2, 4)), Cell("ada"), Cell(bigint(77))));
  EXPECT_THAT(columns.of_key({&everything, "short", ""}), ElementsAre(Cell(), Cell(), Cell(""), Cell()));
}

TEST(PostgresBinary, TimesAndArraysComeBack) {
  for (Time const time :
       {no_time, Time(std::chrono::microseconds(1)), Time(std::chrono::sys_days{std::chrono::year{2026} / 11 / 21})})
    EXPECT_EQ(time_of(timestamp(time)), time);
  EXPECT_EQ(time_of(timestamp(Time::max())), Time::max());
  EXPECT_FALSE(is_timestamp(Time::max()));
  EXPECT_THAT(elements_of(array(type_bytea, {})), ElementsAre());
  std::string const three = array(type_bytea, {"one", "", "three"});
  EXPECT_THAT(elements_of(three), ElementsAre("one", "", "three"));
}

}  // namespace
}  // namespace kith::postgres
