#pragma once

// redis://USER@HOST:PORT, or rediss:// with TLS. Passwords have a file of their own.

#include <string>
#include <string_view>

#include "ports/cache/redis/slots.h"

namespace kith::redis {

struct Address {
  bool tls = false;
  std::string user;  // nothing: the server's default one
  Place place;

  friend bool operator==(Address const&, Address const&) = default;
};

// Throws Error{unavailable} with a sentence that names redis_servers.
Address read_address(std::string_view text);

}  // namespace kith::redis
