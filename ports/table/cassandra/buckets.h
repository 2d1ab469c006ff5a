#pragma once

// How a partition that could grow without bound is cut: by the first part of its sort key, a number that lies in
// "28 days of post" (an id or a time) or in "5,000 of message". Pieces follow each other as the keys do.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "ports/table/row.h"

namespace kith::cassandra {

class Buckets {
 public:
  // Nothing: the table is not cut. A description that says what cannot be ends the process.
  static std::optional<Buckets> of(TableDescription const& table);

  std::int64_t of(std::string_view sort) const;
  // The first and the last that can hold keys of from <= key < to, as numbers grow.
  std::pair<std::int64_t, std::int64_t> between(std::string_view from, std::string_view to) const;
  // Where the keys of from <= key < to probably begin or, `falling`, end: at its bound, else with what is written now.
  std::optional<std::int64_t> likely_first(std::pair<std::int64_t, std::int64_t> between, bool falling, Time now) const;
  // Sort keys grow as the numbers fall.
  bool descending() const { return descending_; }

 private:
  enum class Unit : std::uint8_t { id, time, count };
  std::int64_t of(std::uint64_t encoded) const;
  std::int64_t of_number(std::uint64_t number) const;

  Unit unit_ = Unit::count;
  bool descending_ = false;
  std::uint64_t width_ = 1;  // of ids and times in milliseconds
};

}  // namespace kith::cassandra
