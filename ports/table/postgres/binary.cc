#include "ports/table/postgres/binary.h"

#include "base/big_endian.h"
#include "base/error.h"

namespace kith::postgres {
namespace {

// PostgreSQL counts from 2000.
constexpr std::int64_t its_zero = 946'684'800'000'000;
constexpr std::int64_t infinity = INT64_MAX;
constexpr std::int64_t first_time = -210'866'803'200'000'000 + its_zero, end_of_time = 9'223'371'331'200'000'000;

std::string_view take(std::string_view& in, std::size_t size) {
  if (in.size() < size) throw Error{Code::internal, "Stored data cannot be read", "PostgreSQL: an array is cut off"};
  auto const taken = in.substr(0, size);
  in.remove_prefix(size);
  return taken;
}

}  // namespace

std::string big_endian(std::uint64_t number, int bytes) {
  std::string out;
  append_big_endian(out, number);
  out.erase(0, out.size() - static_cast<std::size_t>(bytes));
  return out;
}

bool is_timestamp(Time time) {
  auto const micros = time.time_since_epoch().count();
  return micros >= first_time && micros < end_of_time;
}

std::string timestamp(Time time) {
  return bigint(is_timestamp(time) ? time.time_since_epoch().count() - its_zero : infinity);
}

Time time_of(std::string_view cell) {
  std::int64_t const micros = bigint_of(cell);
  return micros == infinity ? Time::max() : Time(Duration(micros + its_zero));
}

Cell expiry(Time expires_at) { return expires_at == no_time ? Cell() : Cell(timestamp(expires_at)); }

std::string array(std::uint32_t type, std::vector<std::string> const& elements) {
  std::string out = big_endian(elements.empty() ? 0 : 1, 4) + big_endian(0, 4) + big_endian(type, 4);
  if (!elements.empty()) out += big_endian(elements.size(), 4) + big_endian(1, 4);
  for (std::string const& element : elements) {
    out += big_endian(element.size(), 4);
    out += element;
  }
  return out;
}

std::vector<std::string_view> elements_of(std::string_view array) {
  std::vector<std::string_view> elements;
  auto const dimensions = from_big_endian(take(array, 4));
  take(array, 8);
  if (dimensions == 0) return elements;
  auto const size = from_big_endian(take(array, 4));
  take(array, 4);
  for (std::uint64_t i = 0; i < size; ++i) {
    auto const bytes = from_big_endian(take(array, 4));
    elements.push_back(take(array, bytes));
  }
  return elements;
}

}  // namespace kith::postgres
