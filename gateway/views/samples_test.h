#pragma once

// A person and their posts, for the tests of the views.

#include <string>

#include "base/time.h"
#include "gateway/views/account.h"
#include "gateway/views/status.h"

namespace kith::views::samples {

inline Time at(char const* text) { return *parse_time(text); }

inline Account account() {
  return {.id = 7,
          .handle = "ada",
          .display_name = "Ada \"Countess\"",
          .note = "<p>Engines</p>",
          .url = "https://k.example/@ada",
          .avatar = "https://k.example/avatars/7.png",
          .header = "https://k.example/headers/7.png",
          .created_at = at("2026-01-02T03:04:05Z"),
          .last_status_at = at("2026-11-21T12:30:00Z"),
          .followers = 3,
          .following = 2,
          .statuses = 1,
          .locked = true,
          .discoverable = true,
          .fields = {{"Site", "<a href=\"https://a.example\">a</a>", at("2026-05-06T07:08:09.123456Z")},
                     {"Pronouns", "she"}},
          .roles = {{.id = 3, .name = "Moderator", .color = "#ff0000", .permissions = 16, .highlighted = true}}};
}

inline std::string account_text() {
  std::string out;
  append_account(out, account());
  return out;
}

inline Content content() {
  return {.id = 103,
          .created_at = at("2026-11-21T12:30:00.1Z"),
          .edited_at = at("2026-11-21T12:31:00Z"),
          .in_reply_to = 101,
          .in_reply_to_account = 8,
          .html = "<p>hi <br />there\u2028</p>",
          .spoiler = "cw",
          .sensitive = true,
          .visibility = Visibility::followers,
          .audience = "friends",
          .language = "en",
          .url = "https://k.example/@ada/103",
          .mentions = {{8, "bob", "https://k.example/people/8"}},
          .tags = {{"kith", "https://k.example/tags/kith"}},
          .app_name = "toot",
          .app_website = "https://toot.example"};
}

inline std::string content_text(Content const& content = samples::content()) {
  std::string out;
  append_content(out, content);
  return out;
}

}  // namespace kith::views::samples
