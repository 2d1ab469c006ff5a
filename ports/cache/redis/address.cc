#include "ports/cache/redis/address.h"

#include <charconv>

#include "base/error.h"

namespace kith::redis {

Address read_address(std::string_view text) {
  auto const refuse = [] {
    throw Error{Code::unavailable,
                "redis_servers names what is no address of a server: say redis://HOST:PORT, or rediss:// with TLS"};
  };
  Address address;
  if (text.starts_with("rediss://"))
    address.tls = true;
  else if (!text.starts_with("redis://"))
    refuse();
  text.remove_prefix(address.tls ? 9 : 8);
  if (text.ends_with('/')) text.remove_suffix(1);
  if (auto const at = text.rfind('@'); at != std::string_view::npos) {
    address.user = text.substr(0, at);
    text.remove_prefix(at + 1);
    if (address.user.empty()) refuse();
    if (address.user.contains(':'))
      throw Error{Code::unavailable,
                  "redis_servers holds a password: put it into the file that redis_password_file names"};
  }
  std::string_view port = "6379";
  if (auto const colon = text.rfind(':'); colon != std::string_view::npos && !text.ends_with(']')) {
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  auto const [end, failure] = std::from_chars(port.data(), port.data() + port.size(), address.place.port);
  if (failure != std::errc{} || end != port.data() + port.size() || address.place.port == 0) refuse();
  if (text.empty() || text.find_first_of("/?#@[] ") != std::string_view::npos) refuse();
  address.place.host = text;
  return address;
}

}  // namespace kith::redis
