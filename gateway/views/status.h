#pragma once

// Status: a post as existing clients know one, joined from pieces that are kept.
//
//   content   what is the same for everybody at one version of the post: append_content()
//   account   its author: append_account(), kept under the account's versions
//   the rest  counts, and what one viewer did with it: written anew for each page
//
// A page of twenty is joined without rendering anything: append_status() writes the flags from
// ready-made texts and copies the rest. The caller has settled who may see each piece; a shared and
// a quoted post are pieces of their own, so each passes its own check.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace kith::views {

// The only words existing clients take; our own finer audience stands in `kith.audience`.
enum class Visibility { open, unlisted, followers, direct };  // public is a word of C++
std::string_view name_of(Visibility visibility);

struct MentionedPerson {
  std::uint64_t id = 0;
  std::string handle;
  std::string url;  // the same as in the content's link
};

struct UsedTag {
  std::string name;
  std::string url;
};

struct Content {
  std::uint64_t id = 0;
  Time created_at = no_time;
  Time edited_at = no_time;
  std::uint64_t in_reply_to = 0;
  std::uint64_t in_reply_to_account = 0;
  std::string html = {};
  std::string spoiler = {};
  bool sensitive = false;
  Visibility visibility = Visibility::direct;
  std::string audience = {};  // our own word: friends, close, list, only_me ...
  std::string language = {};  // empty: null
  std::string url = {};       // is the uri as well
  std::vector<MentionedPerson> mentions = {};
  std::vector<UsedTag> tags = {};
  std::string media = {};  // a JSON list; empty: none
  std::string card = {};   // a JSON object; empty: null
  std::string app_name = {};
  std::string app_website = {};  // empty: null
};

// The piece `content`: members of the object without its braces.
void append_content(std::string& out, Content const& content);

struct Counts {
  std::uint64_t replies = 0;
  std::uint64_t shares = 0;
  std::uint64_t reactions = 0;  // of all kinds: what apps call favourites
  std::uint64_t quotes = 0;
};

// What the viewer did, or-ed.
enum Flag : std::uint8_t { favourited = 1, reblogged = 2, muted = 4, bookmarked = 8, pinned = 16 };

struct ReactionCount {
  std::string_view name;  // the emoji, as clients draw it
  std::uint64_t count = 0;
  bool mine = false;
};

enum class QuotePolicy : std::uint8_t { anyone, followers, nobody };
enum class MayQuote : std::uint8_t { yes, asks, no };  // the viewer: automatic, manual, denied

enum class QuoteState : std::uint8_t { none, accepted, revoked, deleted, unauthorized, blocked_account, muted_account };

struct StatusPieces {
  std::string_view content = {};
  std::string_view account = {};
  Counts counts = {};
  std::uint8_t flags = 0;
  QuotePolicy quote_policy = QuotePolicy::nobody;
  MayQuote may_quote = MayQuote::no;
  std::span<ReactionCount const> reactions = {};
  std::string_view filtered = {};        // members of a JSON list of FilterResults, without its brackets
  std::string_view poll = {};            // a JSON object; empty: null
  StatusPieces const* reblog = nullptr;  // what this shares, with the viewer's flags of its own
  QuoteState quote = QuoteState::none;
  StatusPieces const* quoted = nullptr;  // when it may be shown
  std::uint64_t quoted_id = 0;           // what stands for it inside a quoted post, which shows no further quote
  std::string_view source_text = {};     // only in the answer to a delete, so that it can be written again
  bool deleted = false;
};

// Appends one object. Shares and quotes go one level deep each: a share of a quote shows both, a
// quote in a quoted post is only named by its id.
void append_status(std::string& out, StatusPieces const& status);
void append_statuses(std::string& out, std::span<StatusPieces const> statuses);  // a JSON list
// Bytes that append_status will append at most; for reserving.
std::size_t status_size_max(StatusPieces const& status);

}  // namespace kith::views
