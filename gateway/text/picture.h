#pragma once

// Pictures for people who have none yet, drawn from their id and always the same: existing apps
// want PNG. Some 1 KB and 0.1 ms each; the caller may keep them, and they never change.

#include <cstdint>
#include <string>

namespace kith::text {

std::string default_avatar(std::uint64_t id);  // 120 x 120
std::string default_header(std::uint64_t id);  // 600 x 200

}  // namespace kith::text
