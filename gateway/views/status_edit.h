#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kith::views {

// One version of a post, oldest first in its history.
struct StatusEdit {
  std::string_view html = {};
  std::string_view spoiler = {};
  bool sensitive = false;
  Time created_at = no_time;
  std::string_view account = {};  // JSON
  std::string_view media = {};    // a JSON list; empty: none
  std::span<std::string const> poll_options = {};
};

void append_status_edit(std::string& out, StatusEdit const& edit);
void append_status_edits(std::string& out, std::span<StatusEdit const> edits);

// The text as it was typed, for editing it again.
struct StatusSource {
  std::uint64_t id = 0;
  std::string_view text = {};
  std::string_view spoiler = {};
};

void append_status_source(std::string& out, StatusSource const& source);

}  // namespace kith::views
