#pragma once

// Which of a Cluster's servers has a key: 16,384 slots, told by the key, or by what stands in its first braces.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ports/cache/redis/resp.h"

namespace kith::redis {

inline constexpr std::size_t slots_max = 16'384;
using Slot = std::uint16_t;

Slot slot_of(std::string_view key);

struct Place {
  std::string host;
  std::uint16_t port = 0;

  std::string text() const { return host + ':' + std::to_string(port); }
  friend auto operator<=>(Place const&, Place const&) = default;
};

struct SlotRange {
  Slot first = 0, last = 0;
  Place place;
};
// The answer to CLUSTER SLOTS, as told by the server at `host`; what cannot be understood is left out.
std::vector<SlotRange> read_map(Value const& told, std::string const& host);

// "MOVED 3999 127.0.0.1:6381", or "ASK ..."; port 0: it is neither.
struct Redirect {
  Slot slot = 0;
  Place place;
  bool ask = false;
};
Redirect read_redirect(std::string_view error, std::string const& host);

}  // namespace kith::redis
