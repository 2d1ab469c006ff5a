#pragma once

// Finds mentions, hashtags and links in the text of a post, as existing clients do while people
// type; what it does not find stays plain text. Pure, linear in the text, and bounded: a text can
// call at most so many people and lists, the rest of its @, # and URLs is plain.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::text {

inline constexpr std::size_t mentions_max = 50;
inline constexpr std::size_t tags_max = 50;
inline constexpr std::size_t links_max = 50;
inline constexpr std::size_t tag_characters_max = 100;
inline constexpr std::size_t url_bytes_max = 2000;  // longer ones break browsers and servers alike

// Bytes of the text, `@` and `#` included.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  friend bool operator==(Range, Range) = default;
};

struct Mention {
  Range at;
  std::string name;  // as base/text.h handle_key gives it
};

struct Tag {
  Range at;
  std::string name;  // folded: what timelines and indexes know it by
};

struct Link {
  Range at;
  std::string url;  // as written
};

// Each list in the order of the text; ranges never overlap.
struct Entities {
  std::vector<Mention> mentions = {};
  std::vector<Tag> tags = {};
  std::vector<Link> links = {};

  // Each name once, in order of appearance.
  std::vector<std::string> mentioned() const;
  std::vector<std::string> tag_names() const;
  std::vector<std::string> link_keys() const;
};

// `own_host` is the host[:port] people see, so that @ada@own.host is @ada; other hosts are unknown
// to a server that knows only its own people, and such an @name@host is plain text.
Entities extract(std::string_view text, std::string_view own_host);

// A tag as it is written in a path or form, with or without `#`: its folded name, or nothing ("").
std::string tag_key(std::string_view tag);

// An address as timelines know it, however it is written: scheme and host in lower case, without a fragment or a
// lone slash; nothing ("") for what is no link.
std::string link_key(std::string_view url);

// Characters as clients count them towards the limit: a grapheme is one, a link 23, and of
// @name@host only @name counts, whatever the host.
inline constexpr std::size_t characters_per_link = 23;
std::size_t count_characters(std::string_view text, std::string_view own_host);

}  // namespace kith::text
