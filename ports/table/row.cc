#include "ports/table/row.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace kith {
namespace {

// Protobuf's wire types.
constexpr std::uint32_t wire_varint = 0, wire_fixed64 = 1, wire_bytes = 2, wire_fixed32 = 5;

struct Cursor {
  std::string_view bytes;
  std::size_t at = 0;

  bool done() const { return at >= bytes.size(); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
      auto const byte = static_cast<unsigned char>(bytes[at++]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    throw Error{Code::internal, "Stored data cannot be read", "a number of a row is cut off"};
  }
  void skip(std::uint32_t wire) {
    switch (wire) {
      case wire_varint: varint(); return;
      case wire_fixed64: at += 8; break;
      case wire_fixed32: at += 4; break;
      case wire_bytes: {
        auto const size = varint();
        if (size > bytes.size() - at)
          at = bytes.size() + 1;
        else
          at += size;
        break;
      }
      default: at = bytes.size() + 1;
    }
    if (at > bytes.size()) throw Error{Code::internal, "Stored data cannot be read", "a field of a row is cut off"};
  }
};

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

}  // namespace

std::uint32_t slot_of(std::string_view partition) {
  // FNV-1a, then mixed: the same in every engine and for ever.
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (char const byte : partition) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  hash ^= hash >> 32;
  hash *= 0x9E3779B97F4A7C15u;
  return static_cast<std::uint32_t>(hash >> 52) % slots;
}

std::int64_t add_to_field(std::string& value, std::uint32_t field, std::int64_t delta) {
  std::int64_t number = 0;
  std::string rest;
  rest.reserve(value.size() + 12);
  for (Cursor cursor{value}; !cursor.done();) {
    auto const begin = cursor.at;
    auto const tag = cursor.varint();
    if (tag >> 3 == field && (tag & 7) == wire_varint) {
      number = static_cast<std::int64_t>(cursor.varint());
      continue;
    }
    cursor.skip(static_cast<std::uint32_t>(tag & 7));
    rest.append(value, begin, cursor.at - begin);
  }
  number += delta;
  if (number < 0) number = 0;
  if (number > 0) {
    append_varint(rest, std::uint64_t{field} << 3 | wire_varint);
    append_varint(rest, static_cast<std::uint64_t>(number));
  }
  value = std::move(rest);
  return number;
}

namespace {

// Whether the text parts of an encoded key are text. They end at a NUL, or with the key.
bool texts_are_text(Table table, std::span<KeyPart const> parts, std::string_view key) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto const field = std::ranges::find(table->fields, parts[i].field, &FieldDescription::number);
    if (field == table->fields.end()) return true;
    std::size_t size = 8;
    if (field->kind == FieldKind::flag) size = 1;
    if (field->kind == FieldKind::enumeration) size = 4;
    if (field->kind == FieldKind::text) {
      size = i + 1 == parts.size() ? key.size() : std::min(key.find('\0'), key.size());
      if (!is_text(key.substr(0, size))) return false;
      if (i + 1 < parts.size()) ++size;
    } else if (field->kind == FieldKind::bytes) {
      return true;
    }
    key.remove_prefix(std::min(size, key.size()));
  }
  return true;
}

}  // namespace

void check_limits(RowKey const& key) {
  if (key.partition.empty() || key.partition.size() > partition_bytes_max)
    throw Error{Code::invalid, "A name in this request is too long",
                std::string(key.table->name) + ": a partition key has 1 to 256 bytes"};
  if (key.sort.size() > sort_bytes_max)
    throw Error{Code::invalid, "A name in this request is too long",
                std::string(key.table->name) + ": a sort key has at most 1,024 bytes"};
  if (!texts_are_text(key.table, key.table->partition, key.partition) ||
      !texts_are_text(key.table, key.table->sort, key.sort))
    throw Error{Code::invalid, "A name in this request is not valid text",
                std::string(key.table->name) + ": text in a key is UTF-8 without NUL"};
}

void check_limits(RowKey const& key, std::string_view value) {
  check_limits(key);
  if (value.size() > row_bytes_max)
    throw Error{Code::invalid, "This is too large to be stored",
                std::string(key.table->name) + ": a row has at most 256 KiB"};
}

}  // namespace kith
