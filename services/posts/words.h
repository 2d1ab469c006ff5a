#pragma once

// The words of a post as they will be stored, or why they cannot be a post. Pure.

#include <string>

#include "base/markup/extract.h"
#include "services/posts/posts.kith.h"

namespace kith::posts {

struct WordLimits {
  std::size_t characters_max = 5'000;  // text and warning together, as clients count; told in `configuration`
  std::string own_host = {};           // "kith.example": @ada@kith.example is @ada
};

struct Words {
  std::string text;
  std::string warning;
  bool sensitive = false;
  std::string language;
  text::Entities entities;

  std::vector<std::string> tags() const;  // as written, without #; each once
  bool links() const { return !entities.links.empty(); }
};

// Throws Error{invalid} with the sentence a person reads.
Words words_of(std::string_view text, std::string_view warning, bool sensitive, std::string_view language,
               WordLimits const& limits);

}  // namespace kith::posts
