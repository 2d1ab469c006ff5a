#include "ports/table/rocksdb/codec.h"

#include "base/big_endian.h"
#include "base/error.h"

namespace kith::rocks {
namespace {

enum Flag : unsigned char { flag_erased = 1, flag_operation = 2, flag_expires = 4 };

[[noreturn]] void cut_off() { throw Error{Code::internal, "Stored data cannot be read", "a stored row is cut off"}; }

Time time_of(std::uint64_t number) { return Time{Duration{static_cast<std::int64_t>(number)}}; }
std::uint64_t number_of(Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

}  // namespace

void append_u32(std::string& out, std::uint32_t number) { append_big_endian(out, number); }

void append_u64(std::string& out, std::uint64_t number) { append_big_endian(out, number); }

std::uint32_t read_u32(char const* bytes) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::uint64_t read_u64(char const* bytes) {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

std::uint64_t take_varint(std::string_view& in) {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    auto const byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return number;
  }
  cut_off();
}

std::uint64_t take_u64(std::string_view& in) {
  return read_u64(take_bytes(in, 8).data());  // NOLINT(bugprone-suspicious-stringview-data-usage): it reads eight
}

std::string_view take_bytes(std::string_view& in, std::uint64_t size) {
  if (size > in.size()) cut_off();
  auto const bytes = in.substr(0, size);
  in.remove_prefix(size);
  return bytes;
}

std::string_view take_sized(std::string_view& in) { return take_bytes(in, take_varint(in)); }

void append_sized(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

std::string table_prefix(std::uint32_t table) {
  std::string prefix;
  append_u32(prefix, table);
  return prefix;
}

std::string partition_prefix(std::uint32_t table, std::string_view partition) {
  std::string prefix;
  prefix.reserve(5 + partition.size());
  append_u32(prefix, table);
  prefix += static_cast<char>(partition.size() - 1);  // 1 to 256 bytes
  prefix += partition;
  return prefix;
}

std::string encode_key(RowKey const& key) {
  std::string encoded;
  encoded.reserve(5 + key.partition.size() + key.sort.size());
  append_u32(encoded, key.table->number);
  encoded += static_cast<char>(key.partition.size() - 1);
  encoded += key.partition;
  encoded += key.sort;
  return encoded;
}

void split_key(std::string_view encoded, std::string& partition, std::string& sort) {
  take_bytes(encoded, 4);
  auto const size = static_cast<unsigned char>(take_bytes(encoded, 1).front()) + 1u;
  partition = take_bytes(encoded, size);
  sort = encoded;
}

std::string encode_state(RowState const& state) {
  std::string bytes;
  bytes.reserve(33 + state.value.size());
  unsigned char flags = state.erased ? flag_erased : 0;
  if (state.operation != 0) flags |= flag_operation;
  if (state.expires_at != no_time) flags |= flag_expires;
  bytes += static_cast<char>(flags);
  append_u64(bytes, static_cast<std::uint64_t>(state.version));
  if (flags & flag_operation) append_u64(bytes, state.operation);
  if (flags & flag_expires) append_u64(bytes, number_of(state.expires_at));
  if (flags & flag_erased) append_u64(bytes, number_of(state.erased_at));
  bytes += state.value;
  return bytes;
}

RowState take_header(std::string_view& bytes) {
  RowState state;
  auto const flags = static_cast<unsigned char>(take_bytes(bytes, 1).front());
  state.version = static_cast<Version>(take_u64(bytes));
  if (flags & flag_operation) state.operation = take_u64(bytes);
  if (flags & flag_expires) state.expires_at = time_of(take_u64(bytes));
  state.erased = flags & flag_erased;
  if (state.erased) state.erased_at = time_of(take_u64(bytes));
  return state;
}

RowState decode_state(std::string_view bytes) {
  RowState state = take_header(bytes);
  state.value = bytes;
  return state;
}

bool outlived(std::string_view bytes, Time now) {
  if (bytes.size() < 33) {  // the longest header; a compaction is no place to complain
    if (bytes.size() < 9) return false;
    std::size_t const operation = bytes.front() & flag_operation ? 8 : 0,
                      expires = bytes.front() & flag_expires ? 8 : 0;
    if (bytes.size() < 9 + operation + expires + (bytes.front() & flag_erased ? 8 : 0)) return false;
  }
  RowState const state = take_header(bytes);
  // An expired row is kept as long as an erase: until then its version still refuses late copies.
  if (state.erased) return state.erased_at + remembered < now;
  return state.expires_at != no_time && state.expires_at + remembered < now;
}

bool wins(RowState const& one, RowState const& over) {
  if (one.version != over.version) return one.version > over.version;
  if (one.erased != over.erased) return one.erased;
  if (one.value != over.value) return one.value > over.value;
  auto const end = [](Time expires_at) { return expires_at == no_time ? Time::max() : expires_at; };
  return end(one.expires_at) > end(over.expires_at);
}

}  // namespace kith::rocks
