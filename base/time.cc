#include "base/time.h"

#include <charconv>
#include <cstdint>

namespace kith {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::year_month_day;

void append_digits(std::string& out, unsigned value, int width) {
  char digits[8];
  for (int place = width - 1; place >= 0; --place) {
    digits[place] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits, static_cast<std::size_t>(width));
}

void append_date(std::string& out, Time time) {
  year_month_day const date{floor<days>(time)};
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
}

// Takes exactly `width` digits off the front of `text`.
bool take(std::string_view& text, int width, int& value) {
  auto const size = static_cast<std::size_t>(width);
  if (text.size() < size) return false;
  char const* const wanted = text.data() + size;
  auto const [end, failure] =
      std::from_chars(text.data(), wanted, value);  // NOLINT(bugprone-suspicious-stringview-data-usage)
  if (failure != std::errc{} || end != wanted || text.front() == '-') return false;
  text.remove_prefix(size);
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

void append_iso_time(std::string& out, Time time) {
  append_date(out, time);
  hh_mm_ss const clock{floor<std::chrono::milliseconds>(time) - floor<days>(time)};
  out += 'T';
  append_digits(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
  out += '.';
  append_digits(out, static_cast<unsigned>(clock.subseconds().count()), 3);
  out += 'Z';
}

std::string iso_time(Time time) {
  std::string out;
  append_iso_time(out, time);
  return out;
}

std::string iso_date(Time time) {
  std::string out;
  append_date(out, time);
  return out;
}

std::optional<Time> parse_time(std::string_view text) {
  int year, month, day, hour, minute, second = 0;
  if (!take(text, 4, year) || !take(text, '-') || !take(text, 2, month) || !take(text, '-') || !take(text, 2, day))
    return std::nullopt;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  if (!take(text, 2, hour) || !take(text, ':') || !take(text, 2, minute)) return std::nullopt;
  if (take(text, ':') && !take(text, 2, second)) return std::nullopt;
  std::int64_t micros = 0;
  if (take(text, '.')) {
    std::int64_t unit = 100'000;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      micros += (text[digits] - '0') * unit;
      unit /= 10;
      ++digits;
    }
    if (digits == 0 || digits > 18) return std::nullopt;
    text.remove_prefix(digits);
  }
  int offset_minutes = 0;
  if (!take(text, 'Z')) {
    bool const behind = take(text, '-');
    int offset_hour, offset_minute;
    if (!behind && !take(text, '+')) return std::nullopt;
    if (!take(text, 2, offset_hour)) return std::nullopt;
    take(text, ':');
    if (!take(text, 2, offset_minute) || offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset_minutes = (offset_hour * 60 + offset_minute) * (behind ? -1 : 1);
  }
  if (!text.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  year_month_day const date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute - offset_minutes} +
         std::chrono::seconds{second} + Duration{micros};
}

}  // namespace kith
