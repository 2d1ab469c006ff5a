#pragma once

// Where a role answers: "unix:/path/of/the.sock", or "tcp:HOST:PORT", "tcp:[::1]:PORT"; or where it is found.

#include <string>
#include <string_view>
#include <utility>

namespace kith {

bool is_tcp(std::string_view address);
// "service:kith-social" -> "kith-social", whose processes a Discovery knows; empty: the address is none of these.
std::string_view discovered_service(std::string_view address);
// "tcp:HOST:PORT" -> "HOST:PORT". Throws Error{invalid}, one sentence, when it is none.
std::string tcp_place(std::string_view address);
// Its host, without brackets, and its port.
std::pair<std::string, std::string> tcp_parts(std::string_view address);

}  // namespace kith
