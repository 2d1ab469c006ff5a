#pragma once

// What lies in the servers under a key: the version (8 bytes, whose order is theirs), the end of its time by the
// wall clock in microseconds (8 bytes), the value. The version alone is an invalidation.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ports/cache/cache.h"

namespace kith::redis {

struct Entry {
  CacheVersion version = 0;
  Time ends{};
  std::optional<std::string_view> value;  // nothing: invalidated
};

std::string version_bytes(CacheVersion version);
std::string entry_bytes(CacheVersion version, Time ends, std::string_view value);
// Nothing: it is no entry. The value points into the bytes.
std::optional<Entry> read_entry(std::string_view bytes);

}  // namespace kith::redis
