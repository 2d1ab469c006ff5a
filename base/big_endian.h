#pragma once

// Numbers as bytes that sort as the numbers do.

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith {

template <std::unsigned_integral Number>
void append_big_endian(std::string& out, Number number) {
  if constexpr (std::endian::native == std::endian::little) number = std::byteswap(number);
  out.append(reinterpret_cast<char const*>(&number), sizeof number);
}

// Of at most eight bytes.
inline std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (char const byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace kith
