#include "gateway/views/status_edit.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put(JsonWriter& json, StatusEdit const& edit) {
  json.begin()
      .text("content", edit.html)
      .text("spoiler_text", edit.spoiler)
      .yes("sensitive", edit.sensitive)
      .time("created_at", edit.created_at)
      .raw("account", edit.account.empty() ? "null" : edit.account);
  if (edit.poll_options.empty()) {
    json.null("poll");
  } else {
    json.begin("poll").list("options");
    for (auto const& option : edit.poll_options) json.begin().text("title", option).end();
    json.end_list().end();
  }
  json.raw("media_attachments", edit.media.empty() ? "[]" : edit.media).list("emojis").end_list().null("quote").end();
}

}  // namespace

void append_status_edit(std::string& out, StatusEdit const& edit) {
  JsonWriter json(out);
  put(json, edit);
}

void append_status_edits(std::string& out, std::span<StatusEdit const> edits) {
  JsonWriter json(out);
  json.list();
  for (StatusEdit const& edit : edits) put(json, edit);
  json.end_list();
}

void append_status_source(std::string& out, StatusSource const& source) {
  JsonWriter(out).begin().id("id", source.id).text("text", source.text).text("spoiler_text", source.spoiler).end();
}

}  // namespace kith::views
