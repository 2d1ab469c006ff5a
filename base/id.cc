#include "base/id.h"

namespace kith {

std::optional<std::uint64_t> parse_id(std::string_view digits) {
  if (digits.empty() || digits.size() > 19 || digits.front() == '0') return std::nullopt;
  std::uint64_t value = 0;
  auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure != std::errc{} || end != digits.data() + digits.size() || value > id_max) return std::nullopt;
  return value;
}

}  // namespace kith
