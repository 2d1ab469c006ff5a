#include "gateway/views/tag.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put(JsonWriter& json, TagPage const& tag) {
  json.begin()
      .text("id", tag.name)  // a tag has no number here; clients only want it to be unique
      .text("name", tag.name)
      .text("url", tag.url)
      .list("history");
  for (TagDay const& day : tag.history) {
    auto const midnight = std::chrono::floor<std::chrono::days>(day.day).time_since_epoch();
    json.begin()
        .text("day", std::to_string(std::chrono::duration_cast<std::chrono::seconds>(midnight).count()))
        .text("uses", std::to_string(day.uses))
        .text("accounts", std::to_string(day.people))
        .end();
  }
  json.end_list().yes("following", tag.following).yes("featuring", tag.featuring).end();
}

}  // namespace

void append_tag(std::string& out, TagPage const& tag) {
  JsonWriter json(out);
  put(json, tag);
}

void append_tags(std::string& out, std::span<TagPage const> tags) {
  JsonWriter json(out);
  json.list();
  for (TagPage const& tag : tags) put(json, tag);
  json.end_list();
}

}  // namespace kith::views
