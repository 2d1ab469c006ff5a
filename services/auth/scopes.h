#pragma once

// OAuth scopes as existing clients use them: words apart by blanks, "read" above "read:statuses".

#include <optional>
#include <string>
#include <string_view>

namespace kith::auth {

// Known words, each once, in the order given; nothing when one is unknown. Empty is "read".
std::optional<std::string> known_scopes(std::string_view asked);
// Whether everything asked was granted: itself, or what stands above it.
bool within(std::string_view asked, std::string_view granted);

}  // namespace kith::auth
