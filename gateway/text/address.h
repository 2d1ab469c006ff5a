#pragma once

// The addresses that this server gives people and posts, read back: what somebody pastes into a search.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::text {

// One of the three is said.
struct OwnAddress {
  std::string handle;         // BASE/@ada
  std::uint64_t account = 0;  // BASE/users/1
  std::uint64_t post = 0;     // BASE/posts/2, BASE/@ada/2
};

bool is_web_address(std::string_view text);
// Nothing: the address is of another server, or of none of these.
std::optional<OwnAddress> own_address(std::string_view base_url, std::string_view text);

}  // namespace kith::text
