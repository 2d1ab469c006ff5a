#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

using Duration = std::chrono::microseconds;
// Wall-clock time in UTC, whole microseconds. The zero value means "never" or "not set".
using Time = std::chrono::sys_time<Duration>;

inline constexpr Time no_time{};

// "2026-11-21T12:30:00.123Z": exactly three fraction digits and Z, as existing clients demand.
std::string iso_time(Time time);
void append_iso_time(std::string& out, Time time);
// "2026-11-21"
std::string iso_date(Time time);
// Reads RFC 3339 with any number of fraction digits and any offset; else nothing.
std::optional<Time> parse_time(std::string_view text);

}  // namespace kith
