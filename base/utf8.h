#pragma once

// One step through UTF-8, for the scanners of base/: texts and JSON.

#include <cstddef>

namespace kith {

// Bytes of the well-formed sequence at `at` and its code point; 0 if there is none: overlong forms,
// surrogates, what lies beyond U+10FFFF, a cut end.
inline std::size_t utf8_step(char const* at, char const* end, char32_t& code) {
  auto const byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  auto const follows = [&](int i) { return (byte(i) & 0xC0) == 0x80; };
  auto const left = end - at;
  if (left <= 0) return 0;
  unsigned const first = byte(0);
  if (first < 0x80) return code = first, 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) {
    if (left < 2 || !follows(1)) return 0;
    code = (first & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
    return 2;
  }
  if (first < 0xF0) {
    if (left < 3 || !follows(1) || !follows(2)) return 0;
    code = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    return code < 0x800 || (code >= 0xD800 && code <= 0xDFFF) ? 0 : 3;
  }
  if (first > 0xF4 || left < 4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  code = (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
  return code < 0x10000 || code > 0x10FFFF ? 0 : 4;
}

}  // namespace kith
