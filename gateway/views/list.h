#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kith::views {

// A named selection of people; its timeline is theirs.
struct List {
  std::uint64_t id = 0;
  std::string title;
  std::string_view replies_policy = "list";  // followed, list or none
  bool exclusive = false;                    // its people are left out of home
};

void append_list(std::string& out, List const& list);
void append_lists(std::string& out, std::span<List const> lists);

}  // namespace kith::views
