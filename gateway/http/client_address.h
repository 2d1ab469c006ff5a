#pragma once

// Whose request it is, as far as an address tells: for limits and the log.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

// An address of IPv6; one of IPv4 is ::ffff:a.b.c.d.
struct ClientAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool is_loopback() const;
  // One number for who is limited together: an IPv4 address, or a /64 of IPv6 (one household).
  std::uint64_t subject() const;
  friend bool operator==(ClientAddress const&, ClientAddress const&) = default;
};

std::optional<ClientAddress> parse_address(std::string_view text);
std::string to_string(ClientAddress const& address);

// "10.0.0.0/8", "fd00::/8", "192.0.2.7"
struct AddressRange {
  ClientAddress first;
  unsigned bits = 128;

  bool holds(ClientAddress const& address) const;
};
std::optional<AddressRange> parse_range(std::string_view text);

// The address that the nearest trusted proxy names, walking X-Forwarded-For from its right end;
// the peer itself when it is not trusted. Loopback is always trusted.
ClientAddress client_of(ClientAddress const& peer, std::string_view forwarded_for,
                        std::vector<AddressRange> const& trusted);
bool is_trusted(ClientAddress const& peer, std::vector<AddressRange> const& trusted);

}  // namespace kith
