#pragma once

// HTML that others wrote (an operator's description, later imported posts) made harmless: only the
// elements, classes and addresses listed in sanitize.cc remain, well-formed, nested at most so
// deep. What is not allowed loses its tags and keeps its text; script, style and their like lose both.
//
// sanitize(sanitize(x)) == sanitize(x).

#include <cstddef>
#include <string>
#include <string_view>

namespace kith::text {

// An HTML5 parser's work can grow with the square of tags and attributes: with these, the worst that
// anybody can send costs a third of a second, and pages people write cost microseconds.
inline constexpr std::size_t html_bytes_max = 64 * 1024;  // longer input is cut
inline constexpr std::size_t html_elements_max = 4'000;   // of twice as many tags nothing is kept
inline constexpr std::size_t html_depth_max = 32;         // deeper elements lose their tags

std::string sanitize(std::string_view html);

// What a person reads: paragraphs apart by a blank line, <br> and list items by a line end.
std::string plain_text(std::string_view html);

// Whether an address may stand in a link: http, https or mailto, without hidden characters.
bool is_safe_url(std::string_view url);

}  // namespace kith::text
