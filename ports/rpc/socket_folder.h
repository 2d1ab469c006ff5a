#pragma once

// The rule for sockets that stand in for a password: only their owner may enter their folder.

#include <string>

namespace kith {

// "unix:/path/of/the.sock" -> "/path/of/the.sock", its folder made if missing. Throws Error{invalid}
// with one sentence when the address is no unix socket, its path too long, or its folder open to others.
std::string private_socket(std::string const& address);
// Whether somebody listens there now.
bool answers(std::string const& socket_path);

}  // namespace kith
