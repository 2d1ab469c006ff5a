#include "gateway/views/settings.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put(JsonWriter& json, std::string_view timeline, std::optional<Marker> const& marker) {
  if (!marker) return;
  json.begin(timeline)
      .text("last_read_id", std::to_string(marker->last_read))
      .number("version", marker->version)
      .time("updated_at", marker->updated_at)
      .end();
}

void put(JsonWriter& json, FilterKeyword const& keyword) {
  json.begin().id("id", keyword.id).text("keyword", keyword.keyword).yes("whole_word", keyword.whole_word).end();
}

void put(JsonWriter& json, FilterStatus const& status) {
  json.begin().id("id", status.id).id("status_id", status.status).end();
}

void put_contexts(JsonWriter& json, Filter const& filter) {
  json.list("context");
  for (auto const& context : filter.contexts) json.text_item(context);
  json.end_list();
}

void put(JsonWriter& json, Filter const& filter) {
  json.begin().id("id", filter.id).text("title", filter.title);
  put_contexts(json, filter);
  json.time("expires_at", filter.expires_at).text("filter_action", filter.action).list("keywords");
  for (FilterKeyword const& keyword : filter.keywords) put(json, keyword);
  json.end_list().list("statuses");
  for (FilterStatus const& status : filter.statuses) put(json, status);
  json.end_list().end();
}

}  // namespace

void append_markers(std::string& out, std::optional<Marker> const& home, std::optional<Marker> const& notifications) {
  JsonWriter json(out);
  json.begin();
  put(json, "home", home);
  put(json, "notifications", notifications);
  json.end();
}

void append_preferences(std::string& out, Preferences const& preferences) {
  JsonWriter(out)
      .begin()
      .text("posting:default:visibility", preferences.visibility)
      .yes("posting:default:sensitive", preferences.sensitive)
      .text_or_null("posting:default:language", preferences.language)
      .text("posting:default:quote_policy", preferences.quote_policy)
      .text("reading:expand:media", preferences.expand_media)
      .yes("reading:expand:spoilers", preferences.expand_spoilers)
      .yes("reading:autoplay:gifs", preferences.autoplay)
      .end();
}

void append_filter(std::string& out, Filter const& filter) {
  JsonWriter json(out);
  put(json, filter);
}

void append_filters(std::string& out, std::span<Filter const> filters) {
  JsonWriter json(out);
  json.list();
  for (Filter const& filter : filters) put(json, filter);
  json.end_list();
}

void append_filter_keyword(std::string& out, FilterKeyword const& keyword) {
  JsonWriter json(out);
  put(json, keyword);
}

void append_filter_status(std::string& out, FilterStatus const& status) {
  JsonWriter json(out);
  put(json, status);
}

void append_filter_v1(std::string& out, Filter const& filter, FilterKeyword const& keyword) {
  JsonWriter json(out);
  json.begin().id("id", keyword.id).text("phrase", keyword.keyword);
  put_contexts(json, filter);
  json.time("expires_at", filter.expires_at)
      .yes("irreversible", filter.action == "hide")
      .yes("whole_word", keyword.whole_word)
      .end();
}

void append_filter_result(std::string& out, Filter const& filter, std::span<std::string_view const> keyword_matches,
                          std::span<std::uint64_t const> status_matches) {
  JsonWriter json(out);
  json.begin().key("filter");
  append_filter(out, filter);
  json.list("keyword_matches");
  for (auto const& keyword : keyword_matches) json.text_item(keyword);
  json.end_list().list("status_matches");
  for (std::uint64_t const status : status_matches) json.id_item(status);
  json.end_list().end();
}

}  // namespace kith::views
