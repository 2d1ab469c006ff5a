#pragma once

// What travels beside a request: who asks and under which trace, as named texts. The deadline is the
// engine's own. Only peers whom the engine has let in are believed.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "ports/rpc/call.h"

namespace kith {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Without those that would say nothing.
Headers headers_of(Call const& call);
// Takes one header into the call; a name it does not know is not looked at. False: it cannot be read.
bool take_header(Call& call, std::string_view name, std::string_view value);

// The reverse of name_of.
std::optional<Code> parse_code(std::string_view name);

}  // namespace kith
