#include "gateway/text/picture.h"

#include <zlib.h>

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace kith::text {
namespace {

struct Colour {
  std::uint8_t red, green, blue;
};

// Spreads an id over all bits (the finaliser of splitmix64), so that neighbours look different.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

// Hue 0 ... 359; saturation and lightness in per cent.
Colour from_hue(unsigned hue, int saturation, int lightness) {
  auto const channel = [&](unsigned turn) {
    int const k = static_cast<int>((turn * 30 + hue) % 360);  // 30 degrees a step
    int const slope = std::max(std::min({k - 90, 270 - k, 30}), -30);
    int const amount = saturation * std::min(lightness, 100 - lightness) / 100;
    return static_cast<std::uint8_t>((lightness * 30 - amount * slope) * 255 / 3000);
  };
  return {channel(0), channel(8), channel(4)};
}

void append_be32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 255);
}

void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_be32(out, static_cast<std::uint32_t>(data.size()));
  std::size_t const begin = out.size();
  out += type;
  out += data;
  auto const sum = crc32(0, reinterpret_cast<Bytef const*>(out.data() + begin), static_cast<uInt>(out.size() - begin));
  append_be32(out, static_cast<std::uint32_t>(sum));
}

// A PNG of two colours, one bit a pixel; `rows` holds each row with the filter byte 0 in front.
std::string png(unsigned width, unsigned height, Colour back, Colour front, std::string const& rows) {
  std::string head;
  append_be32(head, width);
  append_be32(head, height);
  head.append("\x01\x03\0\0\0", 5);  // one bit, palette
  std::string palette;
  for (Colour const colour : {back, front})
    for (std::uint8_t const part : {colour.red, colour.green, colour.blue}) palette += static_cast<char>(part);
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  int const failure = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                                reinterpret_cast<Bytef const*>(rows.data()), rows.size(), 6);
  check(failure == Z_OK, "compressBound is enough room");
  packed.resize(size);
  std::string out("\x89PNG\r\n\x1a\n", 8);
  append_chunk(out, "IHDR", head);
  append_chunk(out, "PLTE", palette);
  append_chunk(out, "IDAT", packed);
  append_chunk(out, "IEND", "");
  return out;
}

template <class IsFront>
std::string drawn(unsigned width, unsigned height, Colour back, Colour front, IsFront is_front) {
  unsigned const row_bytes = 1 + (width + 7) / 8;
  std::string rows(std::size_t{row_bytes} * height, '\0');
  for (unsigned y = 0; y < height; ++y)
    for (unsigned x = 0; x < width; ++x)
      if (is_front(x, y)) rows[std::size_t{y} * row_bytes + 1 + x / 8] |= static_cast<char>(0x80 >> x % 8);
  return png(width, height, back, front, rows);
}

}  // namespace

std::string default_avatar(std::uint64_t id) {
  std::uint64_t const bits = mixed(id);
  auto const hue = static_cast<unsigned>(bits >> 40) % 360;
  // Five by five cells of 20 pixels within a border of 10, the right half mirrors the left.
  return drawn(120, 120, from_hue(hue, 45, 92), from_hue(hue, 55, 42), [bits](unsigned x, unsigned y) {
    if (x < 10 || x >= 110 || y < 10 || y >= 110) return false;
    unsigned const column = (x - 10) / 20, row = (y - 10) / 20;
    return (bits >> (row * 3 + std::min(column, 4 - column)) & 1) != 0;
  });
}

std::string default_header(std::uint64_t id) {
  std::uint64_t const bits = mixed(id);
  auto const hue = static_cast<unsigned>(bits >> 40) % 360;
  unsigned const stripe = 24 + static_cast<unsigned>(bits % 5) * 12;
  return drawn(600, 200, from_hue(hue, 40, 80), from_hue(hue, 40, 74),
               [stripe](unsigned x, unsigned y) { return (x + y) / stripe % 2 == 1; });
}

}  // namespace kith::text
