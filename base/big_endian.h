#pragma once

// Numbers as bytes that sort as the numbers do.

#include <bit>
#include <concepts>
#include <string>

namespace kith {

template <std::unsigned_integral Number>
void append_big_endian(std::string& out, Number number) {
  if constexpr (std::endian::native == std::endian::little) number = std::byteswap(number);
  out.append(reinterpret_cast<char const*>(&number), sizeof number);
}

}  // namespace kith
