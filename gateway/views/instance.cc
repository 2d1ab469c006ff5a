#include "gateway/views/instance.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put_texts(JsonWriter& json, std::string_view key, std::vector<std::string> const& texts) {
  json.list(key);
  for (auto const& text : texts) json.text_item(text);
  json.end_list();
}

void put_rules(JsonWriter& json, std::vector<Rule> const& rules) {
  for (Rule const& rule : rules)
    json.begin().id("id", rule.id).text("text", rule.text).text("hint", rule.hint).begin("translations").end().end();
}

// What v1 and v2 both say of limits.
void put_limits(JsonWriter& json, Instance const& instance) {
  json.begin("accounts")
      .number("max_display_name_length", instance.name_characters_max)
      .number("max_note_length", instance.note_characters_max)
      .number("max_featured_tags", instance.featured_tags_max)
      .number("max_pinned_statuses", instance.pinned_max)
      .number("max_profile_fields", instance.fields_max)
      .number("profile_field_name_limit", instance.field_name_characters_max)
      .number("profile_field_value_limit", instance.field_value_characters_max)
      .end();
  json.begin("statuses")
      .number("max_characters", instance.characters_max)
      .number("max_media_attachments", instance.media_max)
      .number("characters_reserved_per_url", 23)
      .end();
  json.begin("media_attachments");
  put_texts(json, "supported_mime_types", instance.mime_types);
  json.number("description_limit", instance.media_description_max)
      .number("image_size_limit", instance.image_bytes_max)
      .number("image_matrix_limit", instance.image_pixels_max)
      .number("video_size_limit", instance.video_bytes_max)
      .number("video_frame_rate_limit", instance.video_frames_max)
      .number("video_matrix_limit", instance.video_pixels_max)
      .end();
  json.begin("polls")
      .number("max_options", instance.poll_options_max)
      .number("max_characters_per_option", instance.poll_option_characters_max)
      .number("min_expiration", instance.poll_seconds_min)
      .number("max_expiration", instance.poll_seconds_max)
      .end();
}

void put_account(JsonWriter& json, std::string_view key, std::string const& account) {
  json.raw(key, account.empty() ? "null" : account);
}

}  // namespace

void append_instance_v1(std::string& out, Instance const& instance) {
  JsonWriter json(out);
  json.begin()
      .text("uri", instance.domain)
      .text("title", instance.title)
      .text("short_description", instance.short_description)
      .text("description", instance.description)
      .text("email", instance.email)
      .text("version", instance.version)
      .begin("urls")
      .text("streaming_api", instance.stream_url)
      .end()
      .begin("stats")
      .number("user_count", instance.people)
      .number("status_count", instance.statuses)
      .number("domain_count", 1)
      .end()
      .text_or_null("thumbnail", instance.thumbnail);
  put_texts(json, "languages", instance.languages);
  json.yes("registrations", instance.sign_up)
      .yes("approval_required", instance.approval)
      .yes("invites_enabled", false)
      .begin("configuration");
  put_limits(json, instance);
  json.end();
  put_account(json, "contact_account", instance.contact_account);
  json.list("rules");
  put_rules(json, instance.rules);
  json.end_list().end();
}

void append_instance_v2(std::string& out, Instance const& instance) {
  JsonWriter json(out);
  json.begin()
      .text("domain", instance.domain)
      .text("title", instance.title)
      .text("version", instance.version)
      .text("source_url", instance.source_url)
      .text("description", instance.short_description)
      .begin("usage")
      .begin("users")
      .number("active_month", instance.active_month)
      .end()
      .end();
  json.begin("thumbnail")
      .text("url", instance.thumbnail)
      .null("blurhash")
      .begin("versions")
      .text("@1x", instance.thumbnail)
      .text("@2x", instance.thumbnail)
      .end()
      .end()
      .list("icon")
      .end_list();
  put_texts(json, "languages", instance.languages);
  json.begin("configuration")
      .begin("urls")
      .text("streaming", instance.stream_url)
      .null("status")
      .text("about", instance.base_url + "/about")
      .text("privacy_policy", instance.base_url + "/privacy-policy")
      .null("terms_of_service")
      .end()
      .begin("vapid")
      .text("public_key", instance.vapid_key)
      .end();
  put_limits(json, instance);
  json.begin("translation").yes("enabled", false).end();
  json.begin("timelines_access");
  for (std::string_view const feed : {"live_feeds", "hashtag_feeds", "trending_link_feeds"})
    json.begin(feed).text("local", "public").text("remote", "public").end();
  // This server speaks with no other: its people are all there are.
  json.end().yes("limited_federation", true).end();
  json.begin("registrations")
      .yes("enabled", instance.sign_up)
      .yes("approval_required", instance.approval)
      .yes("reason_required", instance.approval)
      .text_or_null("message", instance.sign_up ? std::string_view() : std::string_view(instance.closed_message))
      .null("min_age")
      .null("url")
      .end();
  json.begin("api_versions").number("mastodon", instance.api_version).end();
  json.begin("contact").text("email", instance.email);
  put_account(json, "account", instance.contact_account);
  json.end().list("rules");
  put_rules(json, instance.rules);
  json.end_list().end();
}

void append_rules(std::string& out, std::vector<Rule> const& rules) {
  JsonWriter json(out);
  json.list();
  put_rules(json, rules);
  json.end_list();
}

void append_long_text(std::string& out, std::string_view html, Time updated_at) {
  JsonWriter(out).begin().time("updated_at", updated_at).text("content", html).end();
}

void append_nodeinfo(std::string& out, Instance const& instance, std::string_view kith_version) {
  JsonWriter json(out);
  json.begin()
      .text("version", "2.0")
      .begin("software")
      .text("name", "kith")
      .text("version", kith_version)
      .end()
      .list("protocols")
      .end_list()
      .begin("services")
      .list("inbound")
      .end_list()
      .list("outbound")
      .end_list()
      .end()
      .yes("openRegistrations", instance.sign_up)
      .begin("usage")
      .begin("users")
      .number("total", instance.people)
      .number("activeMonth", instance.active_month)
      .end()
      .number("localPosts", instance.statuses)
      .end()
      .begin("metadata")
      .text("nodeName", instance.title)
      .text("nodeDescription", instance.short_description)
      // Clients that know no kith take the features of what it is compatible with.
      .begin("upstream")
      .text("name", "mastodon")
      .text("version", instance.version)
      .end()
      .end()
      .end();
}

void append_nodeinfo_link(std::string& out, std::string_view base_url) {
  JsonWriter(out)
      .begin()
      .list("links")
      .begin()
      .text("rel", "http://nodeinfo.diaspora.software/ns/schema/2.0")
      .text("href", std::string(base_url) + "/nodeinfo/2.0")
      .end()
      .end_list()
      .end();
}

}  // namespace kith::views
