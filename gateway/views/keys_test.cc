// Every documented member of every entity is sent, whatever it holds; and what is sent is JSON.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "gateway/views/account.h"
#include "gateway/views/context.h"
#include "gateway/views/instance.h"
#include "gateway/views/list.h"
#include "gateway/views/notification.h"
#include "gateway/views/relationship.h"
#include "gateway/views/samples_test.h"
#include "gateway/views/scheduled_status.h"
#include "gateway/views/search.h"
#include "gateway/views/settings.h"
#include "gateway/views/status.h"
#include "gateway/views/status_edit.h"
#include "gateway/views/tag.h"
#include "gateway/views/token.h"

namespace kith::views {
namespace {

using boost::json::value;
using Keys = std::vector<std::string>;

template <class Append>
value parsed(Append append) {
  std::string out;
  append(out);
  boost::json::error_code failure;
  value const json = boost::json::parse(out, failure);
  EXPECT_FALSE(failure) << failure.message() << ": " << out;
  return json;
}

// The keys, each once.
testing::AssertionResult has_exactly(value const& json, Keys keys, Keys ours = {}) {
  keys.insert(keys.end(), ours.begin(), ours.end());
  Keys found;
  for (auto const& member : json.as_object()) found.emplace_back(member.key());
  std::sort(keys.begin(), keys.end());
  std::sort(found.begin(), found.end());
  if (keys == found) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected " << testing::PrintToString(keys) << "\n   found "
                                     << testing::PrintToString(found);
}

Keys const account_keys = {"id",
                           "username",
                           "acct",
                           "display_name",
                           "locked",
                           "bot",
                           "discoverable",
                           "indexable",
                           "group",
                           "created_at",
                           "note",
                           "url",
                           "uri",
                           "avatar",
                           "avatar_static",
                           "header",
                           "header_static",
                           "followers_count",
                           "following_count",
                           "statuses_count",
                           "last_status_at",
                           "hide_collections",
                           "noindex",
                           "moved",
                           "suspended",
                           "limited",
                           "memorial",
                           "emojis",
                           "roles",
                           "fields"};

Keys const status_keys = {"id",
                          "created_at",
                          "in_reply_to_id",
                          "in_reply_to_account_id",
                          "sensitive",
                          "spoiler_text",
                          "visibility",
                          "language",
                          "uri",
                          "url",
                          "edited_at",
                          "content",
                          "media_attachments",
                          "mentions",
                          "tags",
                          "emojis",
                          "card",
                          "application",
                          "replies_count",
                          "reblogs_count",
                          "favourites_count",
                          "quotes_count",
                          "favourited",
                          "reblogged",
                          "muted",
                          "bookmarked",
                          "pinned",
                          "quote_approval",
                          "filtered",
                          "poll",
                          "text",
                          "account",
                          "reblog",
                          "quote"};
Keys const status_ours = {"emoji_reactions", "kith"};

// Null is allowed only where the documentation says so.
void expect_no_null(value const& json, Keys const& keys) {
  for (auto const& key : keys) EXPECT_FALSE(json.at(key).is_null()) << key;
}

StatusPieces pieces(std::string const& content, std::string const& account) {
  return {.content = content, .account = account};
}

TEST(AccountKeys, AreAllThereForAnEmptyAccount) {
  value const json = parsed([](std::string& out) { append_account(out, {.id = 1}); });
  EXPECT_TRUE(has_exactly(json, account_keys));
  expect_no_null(json, {"id", "username", "acct", "note", "url", "avatar", "header", "locked", "bot", "emojis",
                        "fields", "followers_count", "following_count", "statuses_count", "roles"});
}

TEST(AccountKeys, OfOnesOwnAreSourceAndRoleBesides) {
  value const json = parsed([](std::string& out) { append_credential_account(out, samples::account(), {}, {}); });
  EXPECT_TRUE(has_exactly(json, account_keys, {"source", "role"}));
  EXPECT_TRUE(has_exactly(json.at("source"),
                          {"privacy", "sensitive", "language", "note", "fields", "follow_requests_count",
                           "hide_collections", "discoverable", "indexable", "attribution_domains", "quote_policy"}));
  EXPECT_TRUE(has_exactly(json.at("role"), {"id", "name", "color", "permissions", "highlighted"}));
  EXPECT_TRUE(has_exactly(json.at("fields").at(0), {"name", "value", "verified_at"}));
}

TEST(AccountKeys, OfAMutedOneHaveTheEndBesides) {
  value const json = parsed([](std::string& out) {
    append_muted_account(out, samples::account_text(), samples::at("2026-12-01T00:00:00Z"));
  });
  EXPECT_TRUE(has_exactly(json, account_keys, {"mute_expires_at"}));
  EXPECT_EQ(json.at("mute_expires_at"), "2026-12-01T00:00:00.000Z");
}

TEST(StatusKeys, AreAllThereForAnEmptyPost) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text({.id = 1, .created_at = samples::at("2026-11-21T12:30:00Z")});
  value const json = parsed([&](std::string& out) { append_status(out, pieces(content, account)); });
  EXPECT_TRUE(has_exactly(json, status_keys, status_ours));
  expect_no_null(json, {"id", "account", "content", "created_at", "emojis", "mentions", "tags", "media_attachments",
                        "replies_count", "reblogs_count", "favourites_count", "quotes_count", "sensitive",
                        "spoiler_text", "visibility", "filtered", "favourited", "emoji_reactions", "quote_approval"});
  EXPECT_EQ(json.at("visibility"), "direct") << "what is not said is the most closed";
}

TEST(StatusKeys, OfASharedAndAQuotedPostAreItsOwn) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text();
  StatusPieces const quoted = {.content = content, .account = account, .quote = QuoteState::accepted, .quoted_id = 9};
  StatusPieces const shared = {.content = content,
                               .account = account,
                               .flags = favourited,
                               .reblog = &quoted,
                               .quote = QuoteState::accepted,
                               .quoted = &quoted};
  StatusPieces const share = {.content = content, .account = account, .reblog = &shared};
  value const json = parsed([&](std::string& out) { append_status(out, share); });
  EXPECT_TRUE(has_exactly(json, status_keys, status_ours));
  EXPECT_TRUE(has_exactly(json.at("reblog"), status_keys, status_ours));
  EXPECT_EQ(json.at("favourited"), false);
  EXPECT_EQ(json.at("reblog").at("favourited"), true);
  EXPECT_TRUE(json.at("reblog").at("reblog").is_null()) << "a share of a share is not shown";
  value const& quote = json.at("reblog").at("quote");
  EXPECT_TRUE(has_exactly(quote, {"state", "quoted_status"}));
  EXPECT_TRUE(has_exactly(quote.at("quoted_status"), status_keys, status_ours));
  value const& inner = quote.at("quoted_status").at("quote");
  EXPECT_TRUE(has_exactly(inner, {"state", "quoted_status_id"}));
  EXPECT_EQ(inner.at("quoted_status_id"), "9");
}

TEST(StatusKeys, EachFlagCountAndPolicyIsItsOwn) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text();
  char const* const names[] = {"favourited", "reblogged", "muted", "bookmarked", "pinned"};
  for (unsigned flags = 0; flags < 32; ++flags) {
    value const json = parsed([&](std::string& out) {
      append_status(
          out,
          {.content = content, .account = account, .counts = {1, 2, 3, 4}, .flags = static_cast<std::uint8_t>(flags)});
    });
    for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(json.at(names[i]), (flags >> i & 1) != 0) << names[i];
    EXPECT_EQ(json.at("replies_count"), 1);
    EXPECT_EQ(json.at("reblogs_count"), 2);
    EXPECT_EQ(json.at("favourites_count"), 3);
    EXPECT_EQ(json.at("quotes_count"), 4);
  }
  for (auto const policy : {QuotePolicy::anyone, QuotePolicy::followers, QuotePolicy::nobody})
    for (auto const may : {MayQuote::yes, MayQuote::asks, MayQuote::no}) {
      value const json = parsed([&](std::string& out) {
        append_status(out, {.content = content, .account = account, .quote_policy = policy, .may_quote = may});
      });
      value const& approval = json.at("quote_approval");
      EXPECT_TRUE(has_exactly(approval, {"automatic", "manual", "current_user"}));
      EXPECT_EQ(approval.at("automatic").as_array().empty(), policy == QuotePolicy::nobody);
      EXPECT_EQ(approval.at("current_user"), may == MayQuote::yes    ? "automatic"
                                             : may == MayQuote::asks ? "manual"
                                                                     : "denied");
    }
}

TEST(StatusKeys, LargestNumbersAndOddestReactionsFit) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text();
  std::string const odd(60, '\x01');
  std::vector<ReactionCount> const reactions(20, ReactionCount{odd, UINT64_MAX, true});
  StatusPieces const quoted = {.content = content, .account = account, .reactions = reactions};
  StatusPieces const status = {.content = content,
                               .account = account,
                               .counts = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
                               .quote_policy = QuotePolicy::followers,
                               .may_quote = MayQuote::yes,
                               .reactions = reactions,
                               .quote = QuoteState::blocked_account,
                               .quoted = &quoted,
                               .source_text = odd,
                               .deleted = true};
  std::string out;
  append_status(out, status);
  EXPECT_LE(out.size(), status_size_max(status));
  value const json = parsed([&](std::string& text) { append_status(text, status); });
  EXPECT_EQ(json.at("text").as_string(), odd);
  EXPECT_EQ(json.at("emoji_reactions").as_array().size(), 20u);
  EXPECT_TRUE(has_exactly(json.at("emoji_reactions").at(0), {"name", "count", "me", "account_ids"}));
}

TEST(RelationshipKeys, AreAllThere) {
  value const json = parsed([](std::string& out) { append_relationship(out, {.id = 1}); });
  EXPECT_TRUE(has_exactly(json,
                          {"id", "following", "showing_reblogs", "notifying", "languages", "followed_by", "blocking",
                           "blocked_by", "muting", "muting_notifications", "muting_expires_at", "requested",
                           "requested_by", "domain_blocking", "endorsed", "note"},
                          {"kith"}));
}

TEST(NotificationKeys, AreAllThere) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text();
  Keys const keys = {"id",     "type",   "created_at", "group_key",         "account",
                     "status", "report", "event",      "moderation_warning"};
  StatusPieces const status = pieces(content, account);
  value const json = parsed([&](std::string& out) {
    Notification const both[] = {{.id = 5, .type = "follow", .account = account},
                                 {.id = 6, .type = "mention", .group_key = "g", .account = account, .status = &status}};
    append_notifications(out, both);
  });
  EXPECT_TRUE(has_exactly(json.at(0), keys));
  EXPECT_TRUE(has_exactly(json.at(1), keys));
  EXPECT_EQ(json.at(0).at("group_key"), "ungrouped-5");
  EXPECT_TRUE(has_exactly(json.at(1).at("status"), status_keys, status_ours));
}

TEST(NotificationKeys, OfGroupsAreAllThere) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text();
  StatusPieces const status = pieces(content, account);
  std::uint64_t const people[] = {7, 8};
  NotificationGroup const group = {.group_key = "favourite-103-1",
                                   .count = 2,
                                   .type = "favourite",
                                   .latest_id = 12,
                                   .page_min_id = 11,
                                   .page_max_id = 12,
                                   .accounts = people,
                                   .status = 103};
  std::string_view const accounts[] = {account, account};
  value const json =
      parsed([&](std::string& out) { append_notification_groups(out, accounts, {&status, 1}, {&group, 1}); });
  EXPECT_TRUE(has_exactly(json, {"accounts", "partial_accounts", "statuses", "notification_groups"}));
  EXPECT_EQ(json.at("accounts").as_array().size(), 2u);
  EXPECT_TRUE(has_exactly(
      json.at("notification_groups").at(0),
      {"group_key", "notifications_count", "type", "most_recent_notification_id", "page_min_id", "page_max_id",
       "latest_page_notification_at", "sample_account_ids", "status_id", "report", "event", "moderation_warning"}));
  EXPECT_TRUE(json.at("notification_groups").at(0).at("most_recent_notification_id").is_number());
  value const policy = parsed([](std::string& out) { append_notification_policy(out, {}); });
  EXPECT_TRUE(has_exactly(policy, {"for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions",
                                   "for_limited_accounts", "summary"}));
}

TEST(InstanceKeys, OfBothVersionsAreAllThere) {
  Instance const instance{.domain = "k.example", .rules = {{1, "Be kind"}}};
  value const one = parsed([&](std::string& out) { append_instance_v1(out, instance); });
  EXPECT_TRUE(has_exactly(one, {"uri", "title", "short_description", "description", "email", "version", "urls", "stats",
                                "thumbnail", "languages", "registrations", "approval_required", "invites_enabled",
                                "configuration", "contact_account", "rules"}));
  EXPECT_TRUE(has_exactly(one.at("urls"), {"streaming_api"}));
  EXPECT_TRUE(has_exactly(one.at("stats"), {"user_count", "status_count", "domain_count"}));
  EXPECT_TRUE(has_exactly(one.at("configuration"), {"accounts", "statuses", "media_attachments", "polls"}));
  value const two = parsed([&](std::string& out) { append_instance_v2(out, instance); });
  EXPECT_TRUE(has_exactly(two, {"domain", "title", "version", "source_url", "description", "usage", "thumbnail", "icon",
                                "languages", "configuration", "registrations", "api_versions", "contact", "rules"}));
  value const& configuration = two.at("configuration");
  EXPECT_TRUE(has_exactly(configuration, {"urls", "vapid", "accounts", "statuses", "media_attachments", "polls",
                                          "translation", "timelines_access", "limited_federation"}));
  EXPECT_TRUE(
      has_exactly(configuration.at("urls"), {"streaming", "status", "about", "privacy_policy", "terms_of_service"}));
  EXPECT_TRUE(has_exactly(configuration.at("statuses"),
                          {"max_characters", "max_media_attachments", "characters_reserved_per_url"}));
  EXPECT_TRUE(has_exactly(configuration.at("polls"),
                          {"max_options", "max_characters_per_option", "min_expiration", "max_expiration"}));
  EXPECT_TRUE(has_exactly(configuration.at("media_attachments"),
                          {"supported_mime_types", "description_limit", "image_size_limit", "image_matrix_limit",
                           "video_size_limit", "video_frame_rate_limit", "video_matrix_limit"}));
  EXPECT_TRUE(has_exactly(two.at("registrations"),
                          {"enabled", "approval_required", "reason_required", "message", "min_age", "url"}));
  EXPECT_TRUE(has_exactly(two.at("contact"), {"email", "account"}));
  EXPECT_TRUE(has_exactly(two.at("rules").at(0), {"id", "text", "hint", "translations"}));
  parsed([&](std::string& out) { append_rules(out, instance.rules); });
  parsed([&](std::string& out) { append_long_text(out, "<p>", no_time); });
  parsed([&](std::string& out) { append_nodeinfo_link(out, "https://k.example"); });
  value const node = parsed([&](std::string& out) { append_nodeinfo(out, instance, "0.1.0"); });
  EXPECT_TRUE(
      has_exactly(node, {"version", "software", "protocols", "services", "usage", "openRegistrations", "metadata"}));
  EXPECT_EQ(node.at("metadata").at("upstream").at("name"), "mastodon");
}

TEST(OtherKeys, AreAllThere) {
  std::string const account = samples::account_text();
  std::string const content = samples::content_text();
  StatusPieces const status = pieces(content, account);
  std::string_view const accounts[] = {account};
  TagPage const tag{.name = "x", .url = "u", .history = {{samples::at("2026-11-21T12:30:00Z"), 2, 1}}};
  List const list{.id = 1, .title = "t"};

  EXPECT_TRUE(has_exactly(parsed([&](auto& out) { append_lists(out, {&list, 1}); }).at(0),
                          {"id", "title", "replies_policy", "exclusive"}));
  value const tag_json = parsed([&](auto& out) { append_tag(out, tag); });
  EXPECT_TRUE(has_exactly(tag_json, {"id", "name", "url", "history", "following", "featuring"}));
  EXPECT_TRUE(has_exactly(tag_json.at("history").at(0), {"day", "uses", "accounts"}));

  Application const app{.id = 1, .name = "a", .scopes = {"read"}, .redirect_uris = {"x:1", "y:2"}};
  EXPECT_TRUE(has_exactly(parsed([&](auto& out) { append_application(out, app); }),
                          {"id", "name", "website", "scopes", "redirect_uri", "redirect_uris", "vapid_key"}));
  value const credentials = parsed([&](auto& out) { append_credential_application(out, app); });
  EXPECT_TRUE(has_exactly(credentials, {"id", "name", "website", "scopes", "redirect_uri", "redirect_uris", "vapid_key",
                                        "client_id", "client_secret", "client_secret_expires_at"}));
  EXPECT_EQ(credentials.at("redirect_uri"), "x:1\ny:2");
  value const token =
      parsed([&](auto& out) { append_token(out, {"t", "read", samples::at("2026-11-21T00:00:01.9Z")}); });
  EXPECT_TRUE(has_exactly(token, {"access_token", "token_type", "scope", "created_at"}));
  EXPECT_EQ(token.at("created_at"), 1795219201);
  value const oauth = parsed([&](auto& out) { append_oauth_metadata(out, "https://k.example", {"read"}); });
  EXPECT_EQ(oauth.at("code_challenge_methods_supported").at(0), "S256");

  value const context = parsed([&](auto& out) { append_context(out, {&status, 1}, {}); });
  EXPECT_TRUE(has_exactly(context, {"ancestors", "descendants"}));
  EXPECT_EQ(context.at("ancestors").as_array().size(), 1u);
  EXPECT_TRUE(context.at("descendants").as_array().empty());

  StatusEdit const edit{.html = "<p>", .account = account};
  EXPECT_TRUE(has_exactly(parsed([&](auto& out) { append_status_edits(out, {&edit, 1}); }).at(0),
                          {"content", "spoiler_text", "sensitive", "created_at", "account", "poll", "media_attachments",
                           "emojis", "quote"}));
  EXPECT_TRUE(has_exactly(parsed([&](auto& out) { append_status_source(out, {.id = 1, .text = "a\n"}); }),
                          {"id", "text", "spoiler_text"}));
  ScheduledStatus const scheduled{.id = 3, .scheduled_at = samples::at("2026-12-01T00:00:00Z"), .media_ids = {4}};
  value const waiting = parsed([&](auto& out) { append_scheduled_statuses(out, {&scheduled, 1}); }).at(0);
  EXPECT_TRUE(has_exactly(waiting, {"id", "scheduled_at", "params", "media_attachments"}, {"kith"}));
  EXPECT_TRUE(
      has_exactly(waiting.at("params"), {"text", "poll", "spoiler_text", "visibility", "language", "sensitive",
                                         "media_ids", "in_reply_to_id", "application_id", "scheduled_at", "idempotency",
                                         "quoted_status_id", "quote_approval_policy", "with_rate_limit"}));

  EXPECT_TRUE(has_exactly(parsed([&](auto& out) { append_markers(out, std::nullopt, std::nullopt); }), {}));
  value const markers = parsed([&](auto& out) { append_markers(out, Marker{5, 2, no_time}, Marker{}); });
  EXPECT_TRUE(has_exactly(markers, {"home", "notifications"}));
  EXPECT_TRUE(has_exactly(markers.at("home"), {"last_read_id", "version", "updated_at"}));
  EXPECT_TRUE(has_exactly(
      parsed([&](auto& out) { append_preferences(out, {}); }),
      {"posting:default:visibility", "posting:default:sensitive", "posting:default:language",
       "posting:default:quote_policy", "reading:expand:media", "reading:expand:spoilers", "reading:autoplay:gifs"}));

  Filter const filter{
      .id = 1, .title = "f", .contexts = {"home"}, .keywords = {{2, "w", true}}, .statuses = {{3, 103}}};
  value const filter_json = parsed([&](auto& out) { append_filters(out, {&filter, 1}); }).at(0);
  EXPECT_TRUE(
      has_exactly(filter_json, {"id", "title", "context", "expires_at", "filter_action", "keywords", "statuses"}));
  EXPECT_TRUE(has_exactly(filter_json.at("keywords").at(0), {"id", "keyword", "whole_word"}));
  EXPECT_TRUE(has_exactly(filter_json.at("statuses").at(0), {"id", "status_id"}));
  EXPECT_TRUE(has_exactly(parsed([&](auto& out) { append_filter_v1(out, filter, filter.keywords[0]); }),
                          {"id", "phrase", "context", "expires_at", "irreversible", "whole_word"}));
  std::string result;
  std::string_view const words[] = {"w"};
  append_filter_result(result, filter, words, {});
  value const filtered =
      parsed([&](auto& out) { append_status(out, {.content = content, .account = account, .filtered = result}); });
  EXPECT_TRUE(has_exactly(filtered.at("filtered").at(0), {"filter", "keyword_matches", "status_matches"}));

  value const search = parsed([&](auto& out) { append_search(out, accounts, {&status, 1}, {&tag, 1}); });
  EXPECT_TRUE(has_exactly(search, {"accounts", "statuses", "hashtags"}));
}

}  // namespace
}  // namespace kith::views
