#pragma once

// PostgreSQL's binary forms of values, as they go over the wire. Nothing: NULL.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/big_endian.h"
#include "base/time.h"

namespace kith::postgres {

using Cell = std::optional<std::string>;

// The types that we use, by their fixed numbers.
inline constexpr std::uint32_t type_bytea = 17, type_bigint = 20, type_integer = 23, type_text = 25,
                               type_timestamptz = 1184;

std::string big_endian(std::uint64_t number, int bytes);

inline std::string bigint(std::int64_t number) { return big_endian(static_cast<std::uint64_t>(number), 8); }
inline std::int64_t bigint_of(std::string_view cell) { return static_cast<std::int64_t>(from_big_endian(cell)); }

// Whole microseconds; what lies beyond PostgreSQL's years is no time for it.
bool is_timestamp(Time time);
std::string timestamp(Time time);  // beyond: infinity
Time time_of(std::string_view cell);
// As a row's header holds it: no_time is NULL.
Cell expiry(Time expires_at);

// Of one dimension, without NULL.
std::string array(std::uint32_t type, std::vector<std::string> const& elements);
std::vector<std::string_view> elements_of(std::string_view array);

}  // namespace kith::postgres
