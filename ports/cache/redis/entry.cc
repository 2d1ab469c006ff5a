#include "ports/cache/redis/entry.h"

#include "base/big_endian.h"

namespace kith::redis {
namespace {

constexpr std::size_t number_bytes = 8;
// Negative numbers sort before the others.
constexpr std::uint64_t sign = std::uint64_t{1} << 63;

void append(std::string& bytes, std::int64_t number) {
  append_big_endian(bytes, static_cast<std::uint64_t>(number) ^ sign);
}
std::int64_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::int64_t>(from_big_endian(bytes.substr(at, number_bytes)) ^ sign);
}

}  // namespace

std::string version_bytes(CacheVersion version) {
  std::string bytes;
  append(bytes, version);
  return bytes;
}

std::string entry_bytes(CacheVersion version, Time ends, std::string_view value) {
  std::string bytes;
  bytes.reserve(2 * number_bytes + value.size());
  append(bytes, version);
  append(bytes, ends.time_since_epoch().count());
  bytes += value;
  return bytes;
}

std::optional<Entry> read_entry(std::string_view bytes) {
  Entry entry;
  if (bytes.size() < number_bytes) return std::nullopt;
  entry.version = number_at(bytes, 0);
  if (bytes.size() == number_bytes) return entry;
  if (bytes.size() < 2 * number_bytes) return std::nullopt;
  entry.ends = Time{Duration{number_at(bytes, number_bytes)}};
  entry.value = bytes.substr(2 * number_bytes);
  return entry;
}

}  // namespace kith::redis
