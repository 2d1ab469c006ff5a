#include "ports/rpc/address.h"

#include <charconv>

#include "base/error.h"

namespace kith {
namespace {

constexpr std::string_view scheme = "tcp:";

bool is_port(std::string_view text) {
  unsigned port = 0;
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failure == std::errc{} && end == text.data() + text.size() && port <= 65'535;
}

}  // namespace

bool is_tcp(std::string_view address) { return address.starts_with(scheme); }

std::string tcp_place(std::string_view address) {
  std::string_view const place = address.substr(std::min(address.size(), scheme.size()));
  auto const colon = place.rfind(':');
  bool const parts = is_tcp(address) && colon != std::string_view::npos && is_port(place.substr(colon + 1));
  std::string_view const host = parts ? place.substr(0, colon) : std::string_view();
  bool const bracketed = host.starts_with('[') && host.ends_with(']');
  if (host.empty() || (!bracketed && host.find_first_of(":[]/, ") != std::string_view::npos))
    throw Error{Code::invalid, "\"" + std::string(address) +
                                   "\" is no address of a role: write tcp:HOST:PORT, such as tcp:10.0.0.1:7001"};
  return std::string(place);
}

std::string_view discovered_service(std::string_view address) {
  constexpr std::string_view discovered = "service:";
  return address.starts_with(discovered) ? address.substr(discovered.size()) : std::string_view();
}

std::pair<std::string, std::string> tcp_parts(std::string_view address) {
  std::string const place = tcp_place(address);
  auto const colon = place.rfind(':');
  std::string host = place.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {std::move(host), place.substr(colon + 1)};
}

}  // namespace kith
