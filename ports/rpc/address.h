#pragma once

// Where a role answers: "unix:/path/of/the.sock", or "tcp:HOST:PORT", "tcp:[::1]:PORT".

#include <string>
#include <string_view>

namespace kith {

bool is_tcp(std::string_view address);
// "tcp:HOST:PORT" -> "HOST:PORT". Throws Error{invalid}, one sentence, when it is none.
std::string tcp_place(std::string_view address);

}  // namespace kith
