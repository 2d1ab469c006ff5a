#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

// A 63-bit number that grows with time; zero is nobody and nothing. Outside the process always a
// decimal string. The tag is named by the owner's .proto, so a PostId is no AccountId.
template <class Tag>
struct Id {
  std::uint64_t value = 0;

  explicit operator bool() const { return value != 0; }
  friend auto operator<=>(Id, Id) = default;
};

inline constexpr std::uint64_t id_max = (std::uint64_t{1} << 63) - 1;

// Decimal digits and nothing else, 1 ... 2^63-1, no leading zero; else nothing.
std::optional<std::uint64_t> parse_id(std::string_view digits);

template <class Tag>
std::string to_string(Id<Tag> id) {
  return std::to_string(id.value);
}

}  // namespace kith

template <class Tag>
struct std::hash<kith::Id<Tag>> {
  std::size_t operator()(kith::Id<Tag> id) const noexcept { return id.value * 0x9E3779B97F4A7C15u; }
};
