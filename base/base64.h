#pragma once

#include <string>
#include <string_view>

namespace kith {

std::string to_base64(std::string_view bytes);
// The bytes that base64 or base64url stands for, up to the first character that is of neither.
std::string from_base64(std::string_view text);

}  // namespace kith
