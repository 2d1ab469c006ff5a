#include "gateway/http/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "gateway/http/body.h"

namespace kith {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Proxies also write "[2001:db8::1]:443" and "192.0.2.7:1234".
std::optional<ClientAddress> address_of_hop(std::string_view hop) {
  hop = trimmed(hop);
  if (hop.starts_with('[')) return parse_address(hop.substr(1, hop.find(']') - 1));
  if (std::count(hop.begin(), hop.end(), ':') == 1) hop = hop.substr(0, hop.find(':'));
  return parse_address(hop);
}

}  // namespace

bool ClientAddress::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin()); }

bool ClientAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](auto byte) { return byte == 0; }) && bytes[15] == 1;
}

std::uint64_t ClientAddress::subject() const {
  std::uint64_t number = 0;
  std::size_t const from = is_v4() ? 8 : 0;  // ::ffff:a.b.c.d: the low half holds it all
  for (std::size_t i = from; i < from + 8; ++i) number = number << 8 | bytes[i];
  return number;
}

std::optional<ClientAddress> parse_address(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  ClientAddress address;
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) == 1) return address;
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
  if (inet_pton(AF_INET, buffer, address.bytes.data() + 12) == 1) return address;
  return std::nullopt;
}

std::string to_string(ClientAddress const& address) {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (address.is_v4())
    inet_ntop(AF_INET, address.bytes.data() + 12, buffer, sizeof buffer);
  else
    inet_ntop(AF_INET6, address.bytes.data(), buffer, sizeof buffer);
  return buffer;
}

bool AddressRange::holds(ClientAddress const& address) const {
  for (unsigned bit = 0; bit < bits; bit += 8) {
    unsigned const left = std::min(8u, bits - bit);
    auto const mask = static_cast<std::uint8_t>(0xff << (8 - left));
    if ((address.bytes[bit / 8] ^ first.bytes[bit / 8]) & mask) return false;
  }
  return true;
}

std::optional<AddressRange> parse_range(std::string_view text) {
  auto const slash = text.find('/');
  auto const address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  AddressRange range{*address, 128};
  if (slash == std::string_view::npos) return range;
  auto const digits = text.substr(slash + 1);
  unsigned const most = address->is_v4() ? 32 : 128;
  auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), range.bits);
  if (digits.empty() || failure != std::errc{} || end != digits.data() + digits.size() || range.bits > most)
    return std::nullopt;
  if (address->is_v4()) range.bits += 96;
  return range;
}

bool is_trusted(ClientAddress const& peer, std::vector<AddressRange> const& trusted) {
  return peer.is_loopback() ||
         std::any_of(trusted.begin(), trusted.end(), [&](auto const& range) { return range.holds(peer); });
}

ClientAddress client_of(ClientAddress const& peer, std::string_view forwarded_for,
                        std::vector<AddressRange> const& trusted) {
  auto client = peer;
  while (!forwarded_for.empty() && is_trusted(client, trusted)) {
    auto const comma = forwarded_for.rfind(',');
    auto const hop = comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
    forwarded_for = comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    auto const named = address_of_hop(hop);
    if (!named) break;
    client = *named;
  }
  return client;
}

}  // namespace kith
