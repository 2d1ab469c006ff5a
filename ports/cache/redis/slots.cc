#include "ports/cache/redis/slots.h"

#include <array>
#include <charconv>

namespace kith::redis {
namespace {

// CRC-16/XMODEM, of which the servers use the low 14 bits.
constexpr auto remainders = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned rest = byte << 8;
    for (int bit = 0; bit < 8; ++bit) rest = (rest & 0x8000) != 0 ? (rest << 1) ^ 0x1021 : rest << 1;
    table[byte] = static_cast<std::uint16_t>(rest);
  }
  return table;
}();

template <class Number>
bool parse(std::string_view text, Number& number) {
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && failure == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Slot slot_of(std::string_view key) {
  if (auto const open = key.find('{'); open != std::string_view::npos) {
    auto const close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  std::uint16_t rest = 0;
  for (char const c : key)
    rest = static_cast<std::uint16_t>((rest << 8) ^ remainders[(rest >> 8) ^ static_cast<unsigned char>(c)]);
  return rest % slots_max;
}

std::vector<SlotRange> read_map(Value const& told, std::string const& host) {
  std::vector<SlotRange> map;
  for (Value const& range : told.items) {
    if (range.items.size() < 3 || range.items[2].items.size() < 2) continue;
    std::int64_t const first = range.items[0].number, last = range.items[1].number;
    Value const &named = range.items[2].items[0], &port = range.items[2].items[1];
    if (first < 0 || last < first || last >= static_cast<std::int64_t>(slots_max)) continue;
    if (port.number <= 0 || port.number > 65'535) continue;
    // Without a name, or with one that is not known: the server that was asked.
    std::string const& there = named.text.empty() || named.text == "?" ? host : named.text;
    map.push_back(
        {static_cast<Slot>(first), static_cast<Slot>(last), {there, static_cast<std::uint16_t>(port.number)}});
  }
  return map;
}

Redirect read_redirect(std::string_view error, std::string const& host) {
  Redirect redirect{.slot = 0, .place = {}, .ask = error.starts_with("ASK ")};
  if (!redirect.ask && !error.starts_with("MOVED ")) return {};
  error.remove_prefix(error.find(' ') + 1);
  auto const space = error.find(' '), colon = error.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return {};
  std::uint16_t port = 0;
  if (!parse(error.substr(0, space), redirect.slot) || redirect.slot >= slots_max) return {};
  if (!parse(error.substr(colon + 1), port)) return {};
  redirect.place = {std::string(error.substr(space + 1, colon - space - 1)), port};
  if (redirect.place.host.empty()) redirect.place.host = host;
  return redirect;
}

}  // namespace kith::redis
