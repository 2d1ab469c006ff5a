#pragma once

// Instance v2 and v1: what this community is, and the limits by which clients switch features on.
// Claims only what is built.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith::views {

struct Rule {
  std::uint64_t id = 0;
  std::string text;
  std::string hint = {};
};

struct Instance {
  std::string domain = {};      // host[:port] as people see it
  std::string base_url = {};    // https://domain
  std::string stream_url = {};  // wss://domain; ws:// under plain HTTP
  std::string title = {};
  std::string version = {};       // "4.5.0 (compatible; kith 0.1.0)": clients read the first numbers
  std::uint64_t api_version = 0;  // api_versions.mastodon
  std::string source_url = {};
  std::string short_description = {};  // plain text
  std::string description = {};        // HTML
  std::string thumbnail = {};
  std::string email = {};
  std::string contact_account = {};  // JSON; empty: null
  std::vector<std::string> languages = {};
  std::vector<Rule> rules = {};
  bool sign_up = false;
  bool approval = false;
  std::string closed_message = {};  // HTML; why sign-up is closed
  std::string vapid_key = {};
  std::uint64_t people = 0;
  std::uint64_t statuses = 0;
  std::uint64_t active_month = 0;

  std::uint64_t characters_max = 5'000;
  std::uint64_t media_max = 4;
  std::uint64_t note_characters_max = 500;
  std::uint64_t name_characters_max = 30;
  std::uint64_t fields_max = 4;
  std::uint64_t field_name_characters_max = 255;
  std::uint64_t field_value_characters_max = 255;
  std::uint64_t featured_tags_max = 10;
  std::uint64_t pinned_max = 5;
  std::vector<std::string> mime_types = {};  // none until there are uploads
  std::uint64_t image_bytes_max = 16 << 20;
  std::uint64_t image_pixels_max = 33'177'600;
  std::uint64_t video_bytes_max = 99 << 20;
  std::uint64_t video_frames_max = 120;
  std::uint64_t video_pixels_max = 8'294'400;
  std::uint64_t media_description_max = 1'500;
  std::uint64_t poll_options_max = 4;
  std::uint64_t poll_option_characters_max = 50;
  std::uint64_t poll_seconds_min = 300;
  std::uint64_t poll_seconds_max = 2'629'746;
};

void append_instance_v1(std::string& out, Instance const& instance);
void append_instance_v2(std::string& out, Instance const& instance);
void append_rules(std::string& out, std::vector<Rule> const& rules);
// ExtendedDescription, and PrivacyPolicy: the same two members.
void append_long_text(std::string& out, std::string_view html, Time updated_at);
// NodeInfo 2.0 and the document that points to it.
void append_nodeinfo(std::string& out, Instance const& instance, std::string_view kith_version);
void append_nodeinfo_link(std::string& out, std::string_view base_url);

}  // namespace kith::views
