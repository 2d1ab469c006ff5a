// The text of each entity, byte for byte: what changes here, changes for every client.

#include <gtest/gtest.h>

#include "gateway/views/account.h"
#include "gateway/views/context.h"
#include "gateway/views/error.h"
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

template <class Append>
std::string text(Append append) {
  std::string out;
  append(out);
  return out;
}

TEST(Golden, Account) {
  EXPECT_EQ(text([&](auto& out) { append_account(out, samples::account()); }),
            R"({"id":"7","username":"ada","acct":"ada","display_name":"Ada \"Countess\"","locked":true)"
            R"(,"bot":false,"discoverable":true,"indexable":false,"group":false)"
            R"(,"created_at":"2026-01-02T00:00:00.000Z","note":"<p>Engines</p>","url":"https://k.example/@ada")"
            R"(,"uri":"https://k.example/@ada","avatar":"https://k.example/avatars/7.png")"
            R"(,"avatar_static":"https://k.example/avatars/7.png","header":"https://k.example/headers/7.png")"
            R"(,"header_static":"https://k.example/headers/7.png","followers_count":3,"following_count":2)"
            R"(,"statuses_count":1,"last_status_at":"2026-11-21","hide_collections":false,"noindex":false)"
            R"(,"moved":null,"suspended":false,"limited":false,"memorial":false,"emojis":[],"roles":[{"id":"3")"
            R"(,"name":"Moderator","color":"#ff0000"}],"fields":[{"name":"Site")"
            R"(,"value":"<a href=\"https://a.example\">a</a>")"
            R"(,"verified_at":"2026-05-06T07:08:09.123Z"},{"name":"Pronouns","value":"she","verified_at":null}]})");
  Account suspended = samples::account();
  suspended.suspended = true;
  EXPECT_EQ(text([&](auto& out) { append_account(out, suspended); }),
            R"({"id":"7","username":"ada","acct":"ada","display_name":"","locked":false,"bot":false)"
            R"(,"discoverable":false,"indexable":false,"group":false,"created_at":"2026-01-02T00:00:00.000Z")"
            R"(,"note":"","url":"https://k.example/@ada","uri":"https://k.example/@ada")"
            R"(,"avatar":"https://k.example/avatars/7.png","avatar_static":"https://k.example/avatars/7.png")"
            R"(,"header":"https://k.example/headers/7.png","header_static":"https://k.example/headers/7.png")"
            R"(,"followers_count":3,"following_count":2,"statuses_count":1,"last_status_at":"2026-11-21")"
            R"(,"hide_collections":false,"noindex":false,"moved":null,"suspended":true,"limited":false)"
            R"(,"memorial":false,"emojis":[],"roles":[],"fields":[]})");
  EXPECT_EQ(text([&](auto& out) {
              append_credential_account(out, {.id = 7, .handle = "ada"},
                                        {.note = "Engines", .fields = {{"a", "b"}}, .follow_requests = 2},
                                        {.id = 0, .permissions = 65536});
            }),
            R"({"id":"7","username":"ada","acct":"ada","display_name":"","locked":false,"bot":false)"
            R"(,"discoverable":false,"indexable":false,"group":false,"created_at":null,"note":"","url":"")"
            R"(,"uri":"","avatar":"","avatar_static":"","header":"","header_static":"","followers_count":0)"
            R"(,"following_count":0,"statuses_count":0,"last_status_at":null,"hide_collections":false)"
            R"(,"noindex":false,"moved":null,"suspended":false,"limited":false,"memorial":false,"emojis":[])"
            R"(,"roles":[],"fields":[],"source":{"privacy":"public","sensitive":false,"language":"")"
            R"(,"note":"Engines","fields":[{"name":"a","value":"b","verified_at":null}],"follow_requests_count":2)"
            R"(,"hide_collections":false,"discoverable":false,"indexable":false,"attribution_domains":[])"
            R"(,"quote_policy":"public"},"role":{"id":"-99","name":"","color":"","permissions":"65536")"
            R"(,"highlighted":false}})");
  EXPECT_EQ(text([&](auto& out) { append_muted_account(out, R"({"id":"7"})", no_time); }),
            R"({"id":"7","mute_expires_at":null})");
}

TEST(Golden, Status) {
  EXPECT_EQ(text([&](auto& out) { append_content(out, samples::content()); }),
            R"("id":"103","created_at":"2026-11-21T12:30:00.100Z","in_reply_to_id":"101")"
            R"(,"in_reply_to_account_id":"8","sensitive":true,"spoiler_text":"cw","visibility":"private")"
            R"(,"language":"en","uri":"https://k.example/@ada/103","url":"https://k.example/@ada/103")"
            R"(,"edited_at":"2026-11-21T12:31:00.000Z","content":"<p>hi <br />there\u2028</p>")"
            R"(,"media_attachments":[],"mentions":[{"id":"8","username":"bob","url":"https://k.example/people/8")"
            R"(,"acct":"bob"}],"tags":[{"name":"kith","url":"https://k.example/tags/kith"}],"emojis":[])"
            R"(,"card":null,"application":{"name":"toot","website":"https://toot.example"})"
            R"(,"kith":{"audience":"friends"})");
  EXPECT_EQ(text([&](auto& out) {
              append_content(out, {.id = 1,
                                   .created_at = samples::at("2026-11-21T12:30:00Z"),
                                   .visibility = Visibility::open,
                                   .audience = "public",
                                   .media = R"([{"id":"4"}])",
                                   .card = R"({"url":"u"})"});
            }),
            R"("id":"1","created_at":"2026-11-21T12:30:00.000Z","in_reply_to_id":null)"
            R"(,"in_reply_to_account_id":null,"sensitive":false,"spoiler_text":"","visibility":"public")"
            R"(,"language":null,"uri":"","url":"","edited_at":null,"content":"","media_attachments":[{"id":"4"}])"
            R"(,"mentions":[],"tags":[],"emojis":[],"card":{"url":"u"},"application":null)"
            R"(,"kith":{"audience":"public"})");
  EXPECT_EQ(text([&](auto& out) { append_status(out, {.content = R"("id":"1")", .account = R"({"id":"7"})"}); }),
            R"({"id":"1","replies_count":0,"reblogs_count":0,"favourites_count":0,"quotes_count":0)"
            R"(,"favourited":false,"reblogged":false,"muted":false,"bookmarked":false,"pinned":false)"
            R"(,"quote_approval":{"automatic":[],"manual":[],"current_user":"denied"},"emoji_reactions":[])"
            R"(,"filtered":[],"poll":null,"text":null,"account":{"id":"7"},"reblog":null,"quote":null})");
  ReactionCount const reactions[] = {{"👍", 2, true}, {"a\"b", 1}};
  StatusPieces const quoted{.content = R"("id":"2")", .account = R"({"id":"8"})"};
  EXPECT_EQ(text([&](auto& out) {
              append_status(out, {.content = R"("id":"1")",
                                  .account = R"({"id":"7"})",
                                  .counts = {1, 2, 3, 4},
                                  .flags = favourited | pinned,
                                  .quote_policy = QuotePolicy::followers,
                                  .may_quote = MayQuote::yes,
                                  .reactions = reactions,
                                  .filtered = R"({"filter":{}})",
                                  .poll = R"({"id":"5"})",
                                  .quote = QuoteState::accepted,
                                  .quoted = &quoted,
                                  .source_text = "hi\n",
                                  .deleted = true});
            }),
            R"({"id":"1","replies_count":1,"reblogs_count":2,"favourites_count":3,"quotes_count":4)"
            R"(,"favourited":true,"reblogged":false,"muted":false,"bookmarked":false,"pinned":true)"
            R"(,"quote_approval":{"automatic":["followers"],"manual":[],"current_user":"automatic"})"
            R"(,"emoji_reactions":[{"name":"👍","count":2,"me":true,"account_ids":[]},{"name":"a\"b","count":1)"
            R"(,"me":false,"account_ids":[]}],"filtered":[{"filter":{}}],"poll":{"id":"5"},"text":"hi\n")"
            R"(,"account":{"id":"7"},"reblog":null,"quote":{"state":"accepted","quoted_status":{"id":"2")"
            R"(,"replies_count":0,"reblogs_count":0,"favourites_count":0,"quotes_count":0,"favourited":false)"
            R"(,"reblogged":false,"muted":false,"bookmarked":false,"pinned":false)"
            R"(,"quote_approval":{"automatic":[],"manual":[],"current_user":"denied"},"emoji_reactions":[])"
            R"(,"filtered":[],"poll":null,"text":null,"account":{"id":"8"},"reblog":null,"quote":null}}})");
  EXPECT_EQ(text([&](auto& out) {
              append_status(out, {.content = R"("id":"1")",
                                  .account = R"({"id":"7"})",
                                  .reblog = &quoted,
                                  .quote = QuoteState::unauthorized});
            }),
            R"({"id":"1","replies_count":0,"reblogs_count":0,"favourites_count":0,"quotes_count":0)"
            R"(,"favourited":false,"reblogged":false,"muted":false,"bookmarked":false,"pinned":false)"
            R"(,"quote_approval":{"automatic":[],"manual":[],"current_user":"denied"},"emoji_reactions":[])"
            R"(,"filtered":[],"poll":null,"text":null,"account":{"id":"7"},"reblog":{"id":"2","replies_count":0)"
            R"(,"reblogs_count":0,"favourites_count":0,"quotes_count":0,"favourited":false,"reblogged":false)"
            R"(,"muted":false,"bookmarked":false,"pinned":false,"quote_approval":{"automatic":[],"manual":[])"
            R"(,"current_user":"denied"},"emoji_reactions":[],"filtered":[],"poll":null,"text":null)"
            R"(,"account":{"id":"8"},"reblog":null,"quote":null},"quote":{"state":"unauthorized")"
            R"(,"quoted_status":null}})");
  EXPECT_EQ(text([&](auto& out) { append_statuses(out, {}); }), R"([])");
}

TEST(Golden, Relationship) {
  EXPECT_EQ(text([&](auto& out) { append_relationships(out, {}); }), R"([])");
  EXPECT_EQ(text([&](auto& out) {
              append_relationship(out, {.id = 8,
                                        .following = true,
                                        .followed_by = true,
                                        .muting = true,
                                        .muted_until = samples::at("2026-12-01T00:00:00Z"),
                                        .note = "met at \"work\"",
                                        .languages = {"en"},
                                        .friends = true,
                                        .close = true});
            }),
            R"({"id":"8","following":true,"showing_reblogs":true,"notifying":false,"languages":["en"])"
            R"(,"followed_by":true,"blocking":false,"blocked_by":false,"muting":true,"muting_notifications":false)"
            R"(,"muting_expires_at":"2026-12-01T00:00:00.000Z","requested":false,"requested_by":false)"
            R"(,"domain_blocking":false,"endorsed":false,"note":"met at \"work\"","kith":{"friend":true)"
            R"(,"close":true}})");
  EXPECT_EQ(text([&](auto& out) {
              append_relationship(
                  out, {.id = 8, .blocking = true, .blocked_by = true, .requested = true, .requested_by = true});
            }),
            R"({"id":"8","following":false,"showing_reblogs":false,"notifying":false,"languages":[])"
            R"(,"followed_by":false,"blocking":true,"blocked_by":true,"muting":false,"muting_notifications":false)"
            R"(,"muting_expires_at":null,"requested":true,"requested_by":true,"domain_blocking":false)"
            R"(,"endorsed":false,"note":"","kith":{"friend":false,"close":false}})");
}

TEST(Golden, Notification) {
  StatusPieces const status{.content = R"("id":"1")", .account = R"({"id":"7"})"};
  EXPECT_EQ(text([&](auto& out) {
              append_notification(out, {.id = 5,
                                        .type = "follow_request",
                                        .created_at = samples::at("2026-11-21T12:30:00Z"),
                                        .account = R"({"id":"8"})"});
            }),
            R"({"id":"5","type":"follow_request","created_at":"2026-11-21T12:30:00.000Z")"
            R"(,"group_key":"ungrouped-5","account":{"id":"8"},"status":null,"report":null,"event":null)"
            R"(,"moderation_warning":null})");
  EXPECT_EQ(text([&](auto& out) {
              append_notification(out, {.id = 6,
                                        .type = "favourite",
                                        .created_at = samples::at("2026-11-21T12:30:00Z"),
                                        .group_key = "favourite-1-2",
                                        .account = R"({"id":"8"})",
                                        .status = &status});
            }),
            R"({"id":"6","type":"favourite","created_at":"2026-11-21T12:30:00.000Z","group_key":"favourite-1-2")"
            R"(,"account":{"id":"8"},"status":{"id":"1","replies_count":0,"reblogs_count":0,"favourites_count":0)"
            R"(,"quotes_count":0,"favourited":false,"reblogged":false,"muted":false,"bookmarked":false)"
            R"(,"pinned":false,"quote_approval":{"automatic":[],"manual":[],"current_user":"denied"})"
            R"(,"emoji_reactions":[],"filtered":[],"poll":null,"text":null,"account":{"id":"7"},"reblog":null)"
            R"(,"quote":null},"report":null,"event":null,"moderation_warning":null})");
  std::uint64_t const people[] = {8, 9};
  NotificationGroup const group{.group_key = "favourite-1-2",
                                .count = 2,
                                .type = "favourite",
                                .latest_id = 6,
                                .page_min_id = 4,
                                .page_max_id = 6,
                                .latest_at = samples::at("2026-11-21T12:30:00Z"),
                                .accounts = people,
                                .status = 1};
  EXPECT_EQ(text([&](auto& out) { append_notification_groups(out, {}, {}, {&group, 1}); }),
            R"({"accounts":[],"partial_accounts":[],"statuses":[])"
            R"(,"notification_groups":[{"group_key":"favourite-1-2","notifications_count":2,"type":"favourite")"
            R"(,"most_recent_notification_id":6,"page_min_id":"4","page_max_id":"6")"
            R"(,"latest_page_notification_at":"2026-11-21T12:30:00.000Z","sample_account_ids":["8","9"])"
            R"(,"status_id":"1","report":null,"event":null,"moderation_warning":null}]})");
  NotificationPolicy const policy{.not_following = "filter", .new_accounts = "drop", .requests = 1, .notifications = 2};
  EXPECT_EQ(text([&](auto& out) { append_notification_policy(out, policy); }),
            R"({"for_not_following":"filter","for_not_followers":"accept","for_new_accounts":"drop")"
            R"(,"for_private_mentions":"accept","for_limited_accounts":"accept")"
            R"(,"summary":{"pending_requests_count":1,"pending_notifications_count":2}})");
  EXPECT_EQ(text([&](auto& out) { append_notification_policy_v1(out, policy); }),
            R"({"filter_not_following":true,"filter_not_followers":false,"filter_new_accounts":true)"
            R"(,"filter_private_mentions":false)"
            R"(,"summary":{"pending_requests_count":1,"pending_notifications_count":2}})");
  NotificationRequest const request{.id = 8,
                                    .created_at = samples::at("2026-11-21T12:30:00Z"),
                                    .updated_at = samples::at("2026-11-21T12:30:00Z"),
                                    .count = 2,
                                    .account = "{}"};
  EXPECT_EQ(text([&](auto& out) { append_notification_request(out, request); }),
            R"({"id":"8","created_at":"2026-11-21T12:30:00.000Z","updated_at":"2026-11-21T12:30:00.000Z")"
            R"(,"notifications_count":"2","account":{},"last_status":null})");
}

TEST(Golden, Instance) {
  Instance const instance{.domain = "k.example",
                          .base_url = "https://k.example",
                          .stream_url = "wss://k.example",
                          .title = "Kith",
                          .version = "4.5.0 (compatible; kith 0.1.0)",
                          .api_version = 7,
                          .source_url = "https://src.example",
                          .short_description = "Ours",
                          .description = "<p>Ours</p>",
                          .thumbnail = "https://k.example/t.png",
                          .email = "op@k.example",
                          .contact_account = R"({"id":"7"})",
                          .languages = {"en"},
                          .rules = {{1, "Be kind", "Really"}},
                          .approval = true,
                          .closed_message = "<p>Full</p>",
                          .vapid_key = "key",
                          .people = 3,
                          .statuses = 4,
                          .active_month = 2};
  EXPECT_EQ(text([&](auto& out) { append_instance_v1(out, instance); }),
            R"({"uri":"k.example","title":"Kith","short_description":"Ours","description":"<p>Ours</p>")"
            R"j(,"email":"op@k.example","version":"4.5.0 (compatible; kith 0.1.0)")j"
            R"(,"urls":{"streaming_api":"wss://k.example"},"stats":{"user_count":3,"status_count":4)"
            R"(,"domain_count":1},"thumbnail":"https://k.example/t.png","languages":["en"],"registrations":false)"
            R"(,"approval_required":true,"invites_enabled":false)"
            R"(,"configuration":{"accounts":{"max_display_name_length":30,"max_note_length":500)"
            R"(,"max_featured_tags":10,"max_pinned_statuses":5,"max_profile_fields":4)"
            R"(,"profile_field_name_limit":255,"profile_field_value_limit":255},"statuses":{"max_characters":5000)"
            R"(,"max_media_attachments":4,"characters_reserved_per_url":23})"
            R"(,"media_attachments":{"supported_mime_types":[],"description_limit":1500)"
            R"(,"image_size_limit":16777216,"image_matrix_limit":33177600,"video_size_limit":103809024)"
            R"(,"video_frame_rate_limit":120,"video_matrix_limit":8294400},"polls":{"max_options":4)"
            R"(,"max_characters_per_option":50,"min_expiration":300,"max_expiration":2629746}})"
            R"(,"contact_account":{"id":"7"},"rules":[{"id":"1","text":"Be kind","hint":"Really")"
            R"(,"translations":{}}]})");
  EXPECT_EQ(text([&](auto& out) { append_instance_v2(out, instance); }),
            R"j({"domain":"k.example","title":"Kith","version":"4.5.0 (compatible; kith 0.1.0)")j"
            R"(,"source_url":"https://src.example","description":"Ours","usage":{"users":{"active_month":2}})"
            R"(,"thumbnail":{"url":"https://k.example/t.png","blurhash":null)"
            R"(,"versions":{"@1x":"https://k.example/t.png","@2x":"https://k.example/t.png"}},"icon":[])"
            R"(,"languages":["en"],"configuration":{"urls":{"streaming":"wss://k.example","status":null)"
            R"(,"about":"https://k.example/about","privacy_policy":"https://k.example/privacy-policy")"
            R"(,"terms_of_service":null},"vapid":{"public_key":"key"},"accounts":{"max_display_name_length":30)"
            R"(,"max_note_length":500,"max_featured_tags":10,"max_pinned_statuses":5,"max_profile_fields":4)"
            R"(,"profile_field_name_limit":255,"profile_field_value_limit":255},"statuses":{"max_characters":5000)"
            R"(,"max_media_attachments":4,"characters_reserved_per_url":23})"
            R"(,"media_attachments":{"supported_mime_types":[],"description_limit":1500)"
            R"(,"image_size_limit":16777216,"image_matrix_limit":33177600,"video_size_limit":103809024)"
            R"(,"video_frame_rate_limit":120,"video_matrix_limit":8294400},"polls":{"max_options":4)"
            R"(,"max_characters_per_option":50,"min_expiration":300,"max_expiration":2629746})"
            R"(,"translation":{"enabled":false},"timelines_access":{"live_feeds":{"local":"public")"
            R"(,"remote":"public"},"hashtag_feeds":{"local":"public","remote":"public"})"
            R"(,"trending_link_feeds":{"local":"public","remote":"public"}},"limited_federation":true})"
            R"(,"registrations":{"enabled":false,"approval_required":true,"reason_required":true)"
            R"(,"message":"<p>Full</p>","min_age":null,"url":null},"api_versions":{"mastodon":7})"
            R"(,"contact":{"email":"op@k.example","account":{"id":"7"}},"rules":[{"id":"1","text":"Be kind")"
            R"(,"hint":"Really","translations":{}}]})");
  EXPECT_EQ(text([&](auto& out) { append_long_text(out, "<p>x</p>", samples::at("2026-11-21T12:30:00Z")); }),
            R"({"updated_at":"2026-11-21T12:30:00.000Z","content":"<p>x</p>"})");
  EXPECT_EQ(text([&](auto& out) { append_nodeinfo(out, instance, "0.1.0"); }),
            R"({"version":"2.0","software":{"name":"kith","version":"0.1.0"},"protocols":[])"
            R"(,"services":{"inbound":[],"outbound":[]},"openRegistrations":false,"usage":{"users":{"total":3)"
            R"(,"activeMonth":2},"localPosts":4},"metadata":{"nodeName":"Kith","nodeDescription":"Ours")"
            R"j(,"upstream":{"name":"mastodon","version":"4.5.0 (compatible; kith 0.1.0)"}}})j");
  EXPECT_EQ(text([&](auto& out) { append_nodeinfo_link(out, "https://k.example"); }),
            R"({"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0")"
            R"(,"href":"https://k.example/nodeinfo/2.0"}]})");
}

TEST(Golden, ListAndTag) {
  EXPECT_EQ(text([&](auto& out) { append_list(out, {.id = 3, .title = "Team"}); }),
            R"({"id":"3","title":"Team","replies_policy":"list","exclusive":false})");
  EXPECT_EQ(text([&](auto& out) {
              append_tag(out, {.name = "kith",
                               .url = "https://k.example/tags/kith",
                               .history = {{samples::at("2026-11-21T12:30:00Z"), 5, 2}},
                               .following = true});
            }),
            R"({"id":"kith","name":"kith","url":"https://k.example/tags/kith","history":[{"day":"1795219200")"
            R"(,"uses":"5","accounts":"2"}],"following":true,"featuring":false})");
  EXPECT_EQ(text([&](auto& out) { append_tags(out, {}); }), R"([])");
}

TEST(Golden, LogIn) {
  Application const app{.id = 4,
                        .name = "toot",
                        .scopes = {"read", "write"},
                        .redirect_uris = {"urn:ietf:wg:oauth:2.0:oob"},
                        .client_id = "id",
                        .client_secret = "secret"};
  EXPECT_EQ(text([&](auto& out) { append_application(out, app); }),
            R"({"id":"4","name":"toot","website":null,"scopes":["read","write"])"
            R"(,"redirect_uri":"urn:ietf:wg:oauth:2.0:oob","redirect_uris":["urn:ietf:wg:oauth:2.0:oob"])"
            R"(,"vapid_key":""})");
  EXPECT_EQ(text([&](auto& out) { append_credential_application(out, app); }),
            R"({"id":"4","name":"toot","website":null,"scopes":["read","write"])"
            R"(,"redirect_uri":"urn:ietf:wg:oauth:2.0:oob","redirect_uris":["urn:ietf:wg:oauth:2.0:oob"])"
            R"(,"vapid_key":"","client_id":"id","client_secret":"secret","client_secret_expires_at":0})");
  EXPECT_EQ(text([&](auto& out) { append_token(out, {"token", "read write", samples::at("2026-11-21T12:30:00.9Z")}); }),
            R"({"access_token":"token","token_type":"Bearer","scope":"read write","created_at":1795264200})");
  EXPECT_EQ(text([&](auto& out) { append_oauth_metadata(out, "https://k.example", {"read", "write"}); }),
            R"({"issuer":"https://k.example/","service_documentation":"https://docs.joinmastodon.org/")"
            R"(,"authorization_endpoint":"https://k.example/oauth/authorize")"
            R"(,"token_endpoint":"https://k.example/oauth/token")"
            R"(,"revocation_endpoint":"https://k.example/oauth/revoke")"
            R"(,"app_registration_endpoint":"https://k.example/api/v1/apps","scopes_supported":["read","write"])"
            R"(,"response_types_supported":["code"],"response_modes_supported":["query"])"
            R"(,"grant_types_supported":["authorization_code","client_credentials"])"
            R"(,"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"])"
            R"(,"code_challenge_methods_supported":["S256"]})");
}

TEST(Golden, Thread) {
  EXPECT_EQ(text([&](auto& out) { append_context(out, {}, {}); }), R"({"ancestors":[],"descendants":[]})");
  EXPECT_EQ(text([&](auto& out) {
              append_status_edit(
                  out,
                  {.html = "<p>x</p>", .created_at = samples::at("2026-11-21T12:30:00Z"), .account = R"({"id":"7"})"});
            }),
            R"({"content":"<p>x</p>","spoiler_text":"","sensitive":false,"created_at":"2026-11-21T12:30:00.000Z")"
            R"(,"account":{"id":"7"},"poll":null,"media_attachments":[],"emojis":[],"quote":null})");
  EXPECT_EQ(text([&](auto& out) { append_status_source(out, {.id = 1, .text = "a\nb", .spoiler = "cw"}); }),
            R"({"id":"1","text":"a\nb","spoiler_text":"cw"})");
  EXPECT_EQ(text([&](auto& out) {
              append_scheduled_status(out, {.id = 9,
                                            .scheduled_at = samples::at("2026-12-01T00:00:00Z"),
                                            .text = "later",
                                            .visibility = "private",
                                            .audience = "close",
                                            .in_reply_to = 1});
            }),
            R"({"id":"9","scheduled_at":"2026-12-01T00:00:00.000Z","params":{"text":"later","poll":null)"
            R"(,"spoiler_text":null,"visibility":"private","language":null,"sensitive":false,"media_ids":null)"
            R"(,"in_reply_to_id":"1","application_id":0,"scheduled_at":null,"idempotency":null)"
            R"(,"quoted_status_id":null,"quote_approval_policy":null,"with_rate_limit":false})"
            R"(,"media_attachments":[],"kith":{"audience":"close"}})");
}

TEST(Golden, Settings) {
  EXPECT_EQ(text([&](auto& out) {
              append_markers(out,
                             Marker{.last_read = 5, .version = 2, .updated_at = samples::at("2026-11-21T12:30:00Z")},
                             std::nullopt);
            }),
            R"({"home":{"last_read_id":"5","version":2,"updated_at":"2026-11-21T12:30:00.000Z"}})");
  EXPECT_EQ(text([&](auto& out) { append_preferences(out, {}); }),
            R"({"posting:default:visibility":"public","posting:default:sensitive":false)"
            R"(,"posting:default:language":null,"posting:default:quote_policy":"public")"
            R"(,"reading:expand:media":"default","reading:expand:spoilers":false,"reading:autoplay:gifs":false})");
  Filter const filter{.id = 1, .title = "Noise", .contexts = {"home", "thread"}, .keywords = {{2, "ads", true}}};
  std::string_view const words[] = {"ads"};
  std::uint64_t const ids[] = {103};
  EXPECT_EQ(text([&](auto& out) { append_filter_result(out, filter, words, ids); }),
            R"({"filter":{"id":"1","title":"Noise","context":["home","thread"],"expires_at":null)"
            R"(,"filter_action":"warn","keywords":[{"id":"2","keyword":"ads","whole_word":true}],"statuses":[]})"
            R"(,"keyword_matches":["ads"],"status_matches":["103"]})");
  EXPECT_EQ(text([&](auto& out) { append_filter_v1(out, filter, filter.keywords[0]); }),
            R"({"id":"2","phrase":"ads","context":["home","thread"],"expires_at":null,"irreversible":false)"
            R"(,"whole_word":true})");
}

TEST(Golden, SearchAndErrors) {
  EXPECT_EQ(text([&](auto& out) { append_search(out, {}, {}, {}); }), R"({"accounts":[],"statuses":[],"hashtags":[]})");
  EXPECT_EQ(text([&](auto& out) { append_error(out, "Record not found"); }), R"({"error":"Record not found"})");
  EXPECT_EQ(text([&](auto& out) { append_oauth_error(out, "invalid_grant", "This code was used"); }),
            R"({"error":"invalid_grant","error_description":"This code was used"})");
  FieldError const errors[] = {{"username", "ERR_TAKEN", "is taken"},
                               {"username", "ERR_INVALID", "is odd"},
                               {"email", "ERR_BLANK", "is missing"}};
  EXPECT_EQ(text([&](auto& out) { append_form_error(out, "Validation failed", errors); }),
            R"({"error":"Validation failed","details":{"username":[{"error":"ERR_TAKEN")"
            R"(,"description":"is taken"},{"error":"ERR_INVALID","description":"is odd"}])"
            R"(,"email":[{"error":"ERR_BLANK","description":"is missing"}]}})");
}

}  // namespace
}  // namespace kith::views
