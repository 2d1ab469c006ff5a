#pragma once

// What a table is and what a row of it looks like to an engine. Services see neither: they work
// with the structs generated from their .proto, through tables.h.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith {

// Grows with every change of a row, for ever, also over erases and a clock set back:
// max(old + 1, now in microseconds). Zero: no row.
using Version = std::int64_t;
// Names one intended change; the rows it wrote carry it.
using OperationId = std::uint64_t;

enum class TableClass : std::uint8_t { strict, wide };

enum class FieldKind : std::uint8_t { number, signed_number, flag, time, text, bytes, enumeration, message };

struct FieldDescription {
  std::uint32_t number;
  std::string_view name;
  FieldKind kind;
  bool repeated;
  bool sealed;
};

struct KeyPart {
  std::uint32_t field;
  bool descending;
};

struct Row;
struct RowKey;
struct RowHeader;
using RowPtr = std::shared_ptr<Row const>;

// One table, as its .proto describes it. Made by the plug-in, one constant for each table.
struct TableDescription {
  std::uint32_t number;
  std::string_view service;
  std::string_view name;
  TableClass table_class;
  std::span<FieldDescription const> fields;
  std::span<KeyPart const> partition;
  std::span<KeyPart const> sort;
  std::string_view bound;
  std::string_view owner;
  std::string_view erasure;
  std::string_view derived_from;
  std::string_view sealed_by;
  std::string_view bucket;
  bool immutable;
  // Makes the parsed row; throws Error{internal} when the bytes are not of this table.
  RowPtr (*parse)(RowKey const& key, RowHeader const& header, std::string_view value);
  // The bytes of a parsed row of this table.
  std::string (*encode)(Row const& row);
};

using Table = TableDescription const*;

// The canonical encoding of keys, the same for every engine, in byte order: numbers, ids and times
// as 8 bytes big endian, enumerations and small numbers (uint32) as 4, flags as 1 (all inverted where
// a part sorts descending), text as it is, ended by a NUL where another part follows (text holds no
// NUL). The code is in key.h.
struct RowKey {
  Table table = nullptr;
  std::string partition;
  std::string sort;

  friend bool operator==(RowKey const&, RowKey const&) = default;
};

struct RowHeader {
  Version version = 0;
  OperationId operation = 0;
  Time expires_at = no_time;  // no_time: never
};

// A row as engines hand it out: already parsed, shared and never changed. The struct itself is in
// TypedRow<T> (tables.h). `bytes` is what it costs in memory, for bounded caches.
struct Row {
  RowHeader header;
  std::uint32_t bytes = 0;
};

// A row as bytes: what scan_all and apply carry. The value is protobuf's wire format of the fields
// that are not in the key; unknown fields stay in it.
struct RawRow {
  RowKey key;
  RowHeader header;
  std::string value;
  bool erased = false;  // only in apply and in a scan_all that asks for erases
};

inline constexpr std::size_t partition_bytes_max = 256;
inline constexpr std::size_t sort_bytes_max = 1024;
inline constexpr std::size_t row_bytes_max = 256 * 1024;
inline constexpr std::size_t batch_rows_max = 100;
inline constexpr std::size_t batch_bytes_max = 1024 * 1024;
inline constexpr std::size_t multi_get_max = 500;
inline constexpr std::size_t scan_max = 1000;
inline constexpr std::size_t spread_max = 1000;
inline constexpr std::uint32_t slots = 4096;

// The slot of a partition: one hash in every engine; unit of sharding, checksum and fence.
std::uint32_t slot_of(std::string_view partition);

// A range of sort keys in one partition: from <= key < to in byte order; an empty `to` is open.
struct Range {
  Table table = nullptr;
  std::string partition;
  std::string from = {};
  std::string to = {};
  bool backwards = false;   // largest key first
  std::size_t limit = 100;  // at most scan_max
};

struct ScannedRow {
  RowKey key;
  RowPtr row;
};

// `more` says whether rows of the range are left after the last one returned.
struct Scanned {
  std::vector<ScannedRow> rows;
  bool more = false;
};

// One step of a walk over a whole table. The cursor is opaque; empty begins, and an empty one in
// the answer says that the walk has ended (a page may be empty before that).
struct RawPage {
  std::vector<RawRow> rows;
  std::string cursor;
};

// Changes one number field of a value, created at zero when missing; keeps every other field.
// Returns the new number. For engines whose values are bytes. Numbers never fall below zero.
std::int64_t add_to_field(std::string& value, std::uint32_t field, std::int64_t delta);

// Refuses keys and values beyond the limits above, text that is not UTF-8 or holds a NUL in a key.
void check_limits(RowKey const& key);
void check_limits(RowKey const& key, std::string_view value);

}  // namespace kith
