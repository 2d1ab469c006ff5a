#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace kith::views {

struct TagDay {
  Time day;
  std::uint64_t uses = 0;
  std::uint64_t people = 0;
};

// A hashtag with the use of its last days, newest first.
struct TagPage {
  std::string name;
  std::string url;
  std::vector<TagDay> history = {};
  bool following = false;
  bool featuring = false;
};

void append_tag(std::string& out, TagPage const& tag);
void append_tags(std::string& out, std::span<TagPage const> tags);

}  // namespace kith::views
