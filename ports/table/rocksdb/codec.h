#pragma once

// How rows lie in RocksDB. A key is the table's number, the partition's size and bytes, then the
// sort key: a partition is one range, a table another. A value is a small header, then the bytes of
// the row. Erases are values too, remembered for 10 days.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ports/table/row.h"

namespace kith::rocks {

// What there is to know about a row, present or erased; version zero: nothing was ever written, or
// it is forgotten.
struct RowState {
  Version version = 0;
  OperationId operation = 0;
  Time expires_at = no_time;
  Time erased_at = no_time;  // erased rows only
  bool erased = false;
  std::string value = {};

  bool lives(Time now) const { return version != 0 && !erased && (expires_at == no_time || expires_at > now); }
  RowHeader header() const { return {version, operation, expires_at}; }
};

// Beyond the log's and the outbox's 7 days, so that nothing that is still on its way revives a row.
inline constexpr Duration remembered = std::chrono::days{10};

void append_u32(std::string& out, std::uint32_t number);  // big endian, so that bytes sort as numbers
void append_u64(std::string& out, std::uint64_t number);
std::uint32_t read_u32(char const* bytes);
std::uint64_t read_u64(char const* bytes);
void append_varint(std::string& out, std::uint64_t number);
// Takes from the front; throws Error{internal} when it is cut off.
std::uint64_t take_varint(std::string_view& in);
std::uint64_t take_u64(std::string_view& in);
std::string_view take_bytes(std::string_view& in, std::uint64_t size);
std::string_view take_sized(std::string_view& in);  // a varint, then so many bytes
void append_sized(std::string& out, std::string_view bytes);

std::string table_prefix(std::uint32_t table);
std::string partition_prefix(std::uint32_t table, std::string_view partition);
std::string encode_key(RowKey const& key);
// Behind the table's number.
void split_key(std::string_view encoded, std::string& partition, std::string& sort);

std::string encode_state(RowState const& state);
RowState decode_state(std::string_view bytes);
// All but the value, which is left.
RowState take_header(std::string_view& bytes);
// Without the value; for the compaction filter.
bool outlived(std::string_view bytes, Time now);

// The newest version wins; a tie: the erase, then the larger bytes, then the later end.
bool wins(RowState const& one, RowState const& over);

}  // namespace kith::rocks
