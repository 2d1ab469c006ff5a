#include "ports/table/postgres/columns.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/error.h"
#include "base/text.h"

namespace kith::postgres {
namespace {

// Protobuf's wire types.
constexpr std::uint32_t wire_varint = 0, wire_fixed64 = 1, wire_bytes = 2, wire_fixed32 = 5;

bool take_varint(std::string_view& in, std::uint64_t& number) {
  number = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    auto const byte = static_cast<unsigned char>(in[i]);
    number |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    in.remove_prefix(i + 1);
    return true;
  }
  return false;
}

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

// One field of a value as it came.
struct Piece {
  std::uint64_t field = 0;
  std::uint32_t wire = 0;
  std::uint64_t number = 0;
  std::string_view bytes;
  std::string_view all;  // with its tag
  bool taken = false;
};

// False: this is no message.
bool take_piece(std::string_view& in, Piece& piece) {
  auto const begin = in;
  std::uint64_t tag = 0;
  if (!take_varint(in, tag)) return false;
  piece = {.field = tag >> 3, .wire = static_cast<std::uint32_t>(tag & 7)};
  std::uint64_t size = 0;
  switch (piece.wire) {
    case wire_varint:
      if (!take_varint(in, piece.number)) return false;
      break;
    case wire_fixed64: size = 8; break;
    case wire_fixed32: size = 4; break;
    case wire_bytes:
      if (!take_varint(in, size)) return false;
      break;
    default: return false;
  }
  if (in.size() < size) return false;
  piece.bytes = in.substr(0, size);
  in.remove_prefix(size);
  piece.all = begin.substr(0, begin.size() - in.size());
  return true;
}

bool is_number(FieldKind kind) {
  return kind != FieldKind::text && kind != FieldKind::bytes && kind != FieldKind::message;
}

// A number as its column holds it; nothing: it cannot.
Cell cell_of(FieldKind kind, std::uint64_t number) {
  auto const with_sign = static_cast<std::int64_t>(number);
  switch (kind) {
    case FieldKind::number: return with_sign < 0 ? Cell() : bigint(with_sign);
    case FieldKind::signed_number: return bigint(with_sign);
    case FieldKind::flag: return number > 1 ? Cell() : std::string(1, static_cast<char>(number));
    case FieldKind::enumeration:
      if (with_sign != static_cast<std::int32_t>(with_sign)) return {};
      return big_endian(number, 4);
    case FieldKind::time: {
      Time const time{Duration(with_sign)};
      return is_timestamp(time) ? Cell(timestamp(time)) : Cell();
    }
    default: return {};
  }
}

std::uint64_t number_in(FieldKind kind, std::string_view cell) {
  switch (kind) {
    case FieldKind::enumeration:
      return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(from_big_endian(cell))});
    case FieldKind::time: return static_cast<std::uint64_t>(time_of(cell).time_since_epoch().count());
    default: return from_big_endian(cell);
  }
}

Cell cell_of(Column const& column, std::string_view bytes) {
  if (column.kind == FieldKind::text && column.type.starts_with("text") && !is_text(bytes)) return {};
  return std::string(bytes);
}

std::uint32_t element_type(Column const& column) {
  if (column.type.starts_with("bigint")) return type_bigint;
  if (column.type.starts_with("integer")) return type_integer;
  if (column.type.starts_with("timestamp")) return type_timestamptz;
  return column.type.starts_with("text") ? type_text : type_bytea;
}

Cell cell_of(Column const& column, std::span<Piece* const> pieces) {
  Piece const& first = *pieces.front();
  if (!column.repeated) {
    if (pieces.size() > 1 || first.wire != (is_number(column.kind) ? wire_varint : wire_bytes)) return {};
    return is_number(column.kind) ? cell_of(column.kind, first.number) : cell_of(column, first.bytes);
  }
  std::vector<std::string> elements;
  auto const add = [&](Cell cell) {
    if (cell) elements.push_back(std::move(*cell));
    return cell.has_value();
  };
  if (is_number(column.kind)) {
    if (pieces.size() > 1 || first.wire != wire_bytes) return {};
    std::uint64_t number = 0;
    for (auto packed = first.bytes; !packed.empty();)
      if (!take_varint(packed, number) || !add(cell_of(column.kind, number))) return {};
  } else {
    for (Piece const* const piece : pieces)
      if (piece->wire != wire_bytes || !add(cell_of(column, piece->bytes))) return {};
  }
  return array(element_type(column), elements);
}

std::string type_of(FieldDescription const& field) {
  std::string const many = field.repeated ? "[]" : "";
  if (field.sealed) return "bytea";
  switch (field.kind) {
    case FieldKind::number:
    case FieldKind::signed_number: return "bigint" + many;
    case FieldKind::flag: return "boolean" + many;
    case FieldKind::time: return "timestamp with time zone" + many;
    case FieldKind::text: return "text" + many;
    case FieldKind::enumeration: return "integer" + many;
    case FieldKind::bytes:
    case FieldKind::message: break;
  }
  return "bytea" + many;
}

}  // namespace

Columns::Columns(TableDescription const& table) : table_(&table) {
  auto const made = [](FieldDescription const& field) {
    return Column{field.number, field.kind, field.repeated, std::string(field.name), type_of(field)};
  };
  auto const is_key = [&](FieldDescription const& field) {
    return std::ranges::find(table.partition, field.number, &KeyPart::field) != table.partition.end() ||
           std::ranges::find(table.sort, field.number, &KeyPart::field) != table.sort.end();
  };
  for (auto const parts : {table.partition, table.sort})
    for (KeyPart const& part : parts)
      keys_.push_back(made(*std::ranges::find(table.fields, part.field, &FieldDescription::number)));
  for (FieldDescription const& field : table.fields)
    if (!is_key(field)) values_.push_back(made(field));
}

std::vector<Cell> Columns::of_key(RowKey const& key) const {
  std::vector<Cell> cells;
  auto column = keys_.begin();
  auto const take = [&](std::string_view bytes, std::span<KeyPart const> parts) {
    for (std::size_t i = 0; i < parts.size(); ++i, ++column) {
      std::size_t size = column->kind == FieldKind::flag ? 1 : column->kind == FieldKind::enumeration ? 4 : 8;
      if (!is_number(column->kind)) {
        size = i + 1 == parts.size() ? bytes.size() : std::min(bytes.find('\0'), bytes.size());
        cells.emplace_back(cell_of(*column, bytes.substr(0, size)));
        if (i + 1 < parts.size()) ++size;
      } else if (bytes.size() < size) {
        cells.emplace_back();
      } else {
        std::uint64_t number = from_big_endian(bytes.substr(0, size));
        if (parts[i].descending) number = ~number & (~std::uint64_t{0} >> (64 - 8 * size));
        cells.push_back(cell_of(column->kind, number));
      }
      bytes.remove_prefix(std::min(size, bytes.size()));
    }
  };
  take(key.partition, table_->partition);
  take(key.sort, table_->sort);
  return cells;
}

std::vector<Cell> Columns::split(std::string_view value) const {
  std::vector<Cell> cells(values_.size() + 1);
  std::vector<Piece> pieces;
  for (auto in = value; !in.empty();) {
    if (take_piece(in, pieces.emplace_back())) continue;
    cells.back() = std::string(value);
    return cells;
  }
  std::vector<Piece*> of_field;
  std::string as_it_came, again;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    of_field.clear();
    for (Piece& piece : pieces)
      if (piece.field == values_[i].field) of_field.push_back(&piece);
    if (of_field.empty()) continue;
    Cell cell = cell_of(values_[i], of_field);
    if (!cell) continue;
    as_it_came.clear();
    for (Piece const* const piece : of_field) as_it_came += piece->all;
    again.clear();
    append(again, values_[i], *cell);
    if (again != as_it_came) continue;
    cells[i] = std::move(cell);
    for (Piece* const piece : of_field) piece->taken = true;
  }
  std::string rest;
  for (Piece const& piece : pieces)
    if (!piece.taken) rest += piece.all;
  if (!rest.empty()) cells.back() = std::move(rest);
  return cells;
}

void Columns::append(std::string& value, Column const& column, std::string_view cell) {
  auto const tag = [&](std::uint32_t wire) { append_varint(value, std::uint64_t{column.field} << 3 | wire); };
  auto const sized = [&](std::string_view bytes) {
    tag(wire_bytes);
    append_varint(value, bytes.size());
    value += bytes;
  };
  if (!column.repeated) {
    if (!is_number(column.kind)) return sized(cell);
    tag(wire_varint);
    append_varint(value, number_in(column.kind, cell));
    return;
  }
  if (!is_number(column.kind)) {
    for (auto const element : elements_of(cell)) sized(element);
    return;
  }
  std::string packed;
  for (auto const element : elements_of(cell)) append_varint(packed, number_in(column.kind, element));
  sized(packed);
}

}  // namespace kith::postgres
