#pragma once

// What a person keeps on the server for their apps: reading positions, preferences, filters.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith::views {

struct Marker {
  std::uint64_t last_read = 0;
  std::uint64_t version = 0;
  Time updated_at = no_time;
};

// Only the timelines that were asked for and have a marker: clients read an absent one as "none yet".
void append_markers(std::string& out, std::optional<Marker> const& home, std::optional<Marker> const& notifications);

struct Preferences {
  std::string_view visibility = "public";
  bool sensitive = false;
  std::string_view language = {};  // empty: null
  std::string_view quote_policy = "public";
  std::string_view expand_media = "default";
  bool expand_spoilers = false;
  bool autoplay = false;
};

void append_preferences(std::string& out, Preferences const& preferences);

struct FilterKeyword {
  std::uint64_t id = 0;
  std::string keyword;
  bool whole_word = false;
};

struct FilterStatus {
  std::uint64_t id = 0;
  std::uint64_t status = 0;
};

struct Filter {
  std::uint64_t id = 0;
  std::string title = {};
  std::vector<std::string> contexts = {};  // home, notifications, public, thread, account
  Time expires_at = no_time;
  std::string action = "warn";  // warn, hide, blur
  std::vector<FilterKeyword> keywords = {};
  std::vector<FilterStatus> statuses = {};
};

void append_filter(std::string& out, Filter const& filter);
void append_filters(std::string& out, std::span<Filter const> filters);
void append_filter_keyword(std::string& out, FilterKeyword const& keyword);
void append_filter_status(std::string& out, FilterStatus const& status);
// V1: one object a keyword; its id is the keyword's.
void append_filter_v1(std::string& out, Filter const& filter, FilterKeyword const& keyword);

// One entry of a status' `filtered`: why it is hidden or folded. Several are joined by commas.
void append_filter_result(std::string& out, Filter const& filter, std::span<std::string_view const> keyword_matches,
                          std::span<std::uint64_t const> status_matches);

}  // namespace kith::views
