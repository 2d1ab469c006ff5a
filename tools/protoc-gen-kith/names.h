#pragma once

// How names of a .proto are written in C++.

#include <string>
#include <string_view>

namespace kith_plugin {

// "GetMany" -> "get_many", "HTTPStatus" -> "http_status"
std::string snake_case(std::string_view camel);
// "TieKind" -> "TIE_KIND"
std::string upper_snake_case(std::string_view camel);
std::string lower(std::string_view text);
// "friend" -> "friend_": what C++ keeps for itself gets a trailing underscore.
std::string not_a_keyword(std::string name);
// Text as a C++ string literal, with its quotes.
std::string quoted(std::string_view text);

}  // namespace kith_plugin
