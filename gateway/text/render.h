#pragma once

// The HTML of a post, of a profile's note and of a profile's fields, in the form existing clients
// take apart again: paragraphs, line breaks, links, mentions and hashtags with their classes.
// Everything else is escaped; nothing of the text can become markup.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/markup/extract.h"

namespace kith::text {

// Somebody a text mentions, found by the name extract() gave. The link goes by account id, not by
// handle, so that a new handle breaks no post; the same URL stands in the status' `mentions`.
struct MentionTarget {
  std::string_view name;
  std::string_view url;
};

// A mention without a target, and a tag when `base_url` is empty, stay plain text.
std::string render(std::string_view text, Entities const& entities, std::span<MentionTarget const> mentions,
                   std::string_view base_url);

// Of one line, without <p>: the value of a profile field; links say rel="me", so that others can verify them.
std::string render_field(std::string_view value, std::string_view own_host, std::string_view base_url);

// The address of a hashtag's page, its name percent-encoded.
std::string tag_url(std::string_view base_url, std::string_view name);

void append_html(std::string& out, std::string_view text);  // escapes & < > " '
std::string percent_encoded(std::string_view text);         // all but unreserved characters

// A display name as it may be shown in one line: no controls, line ends or turned direction, at
// most so many graphemes and stacked marks.
inline constexpr std::size_t display_name_max = 30;
std::string clean_name(std::string_view name, std::size_t most = display_name_max);

}  // namespace kith::text
