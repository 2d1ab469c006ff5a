#include "ports/table/cassandra/buckets.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/check.h"
#include "ports/clock/ids.h"

namespace kith::cassandra {
namespace {

// The first eight bytes, or what would sort as the key does if it had as many.
std::uint64_t first_number(std::string_view sort) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number = number << 8 | (i < sort.size() ? static_cast<unsigned char>(sort[i]) : 0);
  return number;
}

std::string_view word(std::string_view& text) {
  auto const end = std::min(text.find(' '), text.size());
  auto const first = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return first;
}

std::uint64_t counted(std::string_view digits) {
  std::uint64_t number = 0;
  for (char const digit : digits) {
    if (digit == ',') continue;
    check(digit >= '0' && digit <= '9', "a bucket begins with a number");
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

}  // namespace

std::optional<Buckets> Buckets::of(TableDescription const& table) {
  if (table.bucket.empty()) return std::nullopt;
  Buckets buckets;
  std::string_view text = table.bucket;
  buckets.width_ = counted(word(text));
  std::string_view unit = word(text);
  bool const counts = unit == "of", hours = unit == "hour" || unit == "hours", days = unit == "day" || unit == "days";
  constexpr std::uint64_t hour = 3'600'000;
  if (hours) buckets.width_ *= hour;
  if (days) buckets.width_ *= 24 * hour;
  if (hours || days) unit = word(text);
  check(unit == "of" && !table.sort.empty(), "a bucket is \"28 days of FIELD\" or \"5,000 of FIELD\"");

  auto const& part = table.sort.front();
  auto const field = std::ranges::find(table.fields, part.field, &FieldDescription::number);
  check(field != table.fields.end() && field->name == text &&
            (field->kind == FieldKind::number || field->kind == FieldKind::time),
        "a table is cut by the first part of its sort key, an id, a time or a number");
  buckets.descending_ = part.descending;
  buckets.unit_ = counts ? Unit::count : field->kind == FieldKind::time ? Unit::time : Unit::id;
  check(buckets.width_ > 1, "a bucket holds more than one number");
  return buckets;
}

std::int64_t Buckets::of(std::uint64_t encoded) const { return of_number(descending_ ? ~encoded : encoded); }

std::int64_t Buckets::of_number(std::uint64_t number) const {
  if (unit_ == Unit::id) number >>= 22;  // ids.h: below are worker and sequence
  if (unit_ == Unit::time) number /= 1'000;
  return static_cast<std::int64_t>(number / width_);
}

std::int64_t Buckets::of(std::string_view sort) const { return of(first_number(sort)); }

std::pair<std::int64_t, std::int64_t> Buckets::between(std::string_view from, std::string_view to) const {
  std::int64_t first = of(first_number(from));
  std::int64_t last = of(to.empty() ? std::numeric_limits<std::uint64_t>::max() : first_number(to));
  if (descending_) std::swap(first, last);
  return {first, last};
}

std::optional<std::int64_t> Buckets::likely_first(std::pair<std::int64_t, std::int64_t> between, bool falling,
                                                  Time now) const {
  if (!falling) return between.first > 0 ? std::optional(between.first) : std::nullopt;
  if (unit_ == Unit::count)
    return between.second < of_number(~std::uint64_t{0}) ? std::optional(between.second) : std::nullopt;
  auto const newest = unit_ == Unit::id ? first_id_at(now) : static_cast<std::uint64_t>(now.time_since_epoch().count());
  return std::min(between.second, of_number(newest));
}

}  // namespace kith::cassandra
