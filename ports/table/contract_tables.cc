#include "ports/table/contract_tables.h"

#include <array>

namespace kith::contract {
namespace {

RowPtr parse(RowKey const&, RowHeader const& header, std::string_view value) {
  auto row = std::make_shared<Contents>();
  row->header = header;
  row->bytes = static_cast<std::uint32_t>(sizeof(Contents) + value.size());
  row->value = value;
  return row;
}

constexpr FieldDescription number(std::uint32_t field, std::string_view name) {
  return {field, name, FieldKind::number, false, false};
}
constexpr FieldDescription text(std::uint32_t field, std::string_view name) {
  return {field, name, FieldKind::text, false, false};
}

constexpr std::array thing_fields{number(1, "owner"), text(2, "name"), number(3, "number"), text(4, "text")};
constexpr std::array tally_fields{number(1, "owner"), FieldDescription{2, "kind", FieldKind::enumeration, false, false},
                                  number(yes_field, "yes"), number(no_field, "no")};
constexpr std::array name_fields{text(1, "name"), text(4, "text")};
constexpr std::array note_fields{number(1, "owner"), number(2, "id"), text(4, "text")};
constexpr std::array first_part{KeyPart{1, false}};
constexpr std::array thing_sort{KeyPart{2, false}, KeyPart{3, true}};
constexpr std::array tally_sort{KeyPart{2, false}};
constexpr std::array note_sort{KeyPart{2, true}};

constexpr TableDescription described(std::uint32_t number, std::string_view name, TableClass table_class,
                                     std::span<FieldDescription const> fields, std::span<KeyPart const> sort,
                                     std::string_view bucket = {}) {
  return {.number = number,
          .service = "contract",
          .name = name,
          .table_class = table_class,
          .fields = fields,
          .partition = first_part,
          .sort = sort,
          .bound = "what a test writes",
          .owner = "none: tests",
          .erasure = "none: tests",
          .derived_from = {},
          .sealed_by = {},
          .bucket = bucket,
          .immutable = false,
          .parse = parse,
          .encode = [](Row const& row) { return static_cast<Contents const&>(row).value; }};
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::string bytes_field(std::uint32_t field, std::string_view bytes) {
  std::string value(1, static_cast<char>(field << 3 | 2));
  append_varint(value, bytes.size());
  value += bytes;
  return value;
}

}  // namespace

TableDescription const things = described(60001, "things", TableClass::strict, thing_fields, thing_sort);
TableDescription const tallies = described(60002, "tallies", TableClass::strict, tally_fields, tally_sort);
TableDescription const names = described(60003, "names", TableClass::strict, name_fields, {});
// Cut small, so that a few rows lie in several buckets.
TableDescription const notes = described(60004, "notes", TableClass::wide, note_fields, note_sort, "2 of id");

std::string big_endian(std::uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

RowKey thing(std::uint64_t owner, std::string name, std::uint64_t number) {
  return {&things, big_endian(owner), std::move(name) + '\0' + big_endian(~number)};
}
RowKey tally(std::uint64_t owner, std::uint32_t kind) {
  return {&tallies, big_endian(owner), big_endian(kind).substr(4)};
}
RowKey name(std::string name) { return {&names, std::move(name), {}}; }
RowKey note(std::uint64_t owner, std::uint64_t id) { return {&notes, big_endian(owner), big_endian(~id)}; }

std::string text_value(std::string_view text) { return bytes_field(4, text); }

std::string tally_value(std::uint64_t yes, std::uint64_t no) {
  std::string value;
  for (auto const& [field, count] : {std::pair{yes_field, yes}, std::pair{no_field, no}}) {
    if (count == 0) continue;
    append_varint(value, std::uint64_t{field} << 3);
    append_varint(value, count);
  }
  return value;
}

std::string value_of(RowPtr const& row) { return row ? static_cast<Contents const&>(*row).value : "missing"; }
Version version_of(RowPtr const& row) { return row ? row->header.version : 0; }

}  // namespace kith::contract
