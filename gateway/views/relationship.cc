#include "gateway/views/relationship.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put(JsonWriter& json, Relationship const& to) {
  json.begin()
      .id("id", to.id)
      .yes("following", to.following)
      .yes("showing_reblogs", to.following && to.showing_shares)
      .yes("notifying", to.notifying)
      .list("languages");
  for (auto const& language : to.languages) json.text_item(language);
  json.end_list()
      .yes("followed_by", to.followed_by)
      .yes("blocking", to.blocking)
      .yes("blocked_by", to.blocked_by)
      .yes("muting", to.muting)
      .yes("muting_notifications", to.muting && to.muting_notifications)
      .time("muting_expires_at", to.muting ? to.muted_until : no_time)
      .yes("requested", to.requested)
      .yes("requested_by", to.requested_by)
      .yes("domain_blocking", false)
      .yes("endorsed", to.endorsed)
      .text("note", to.note)
      .begin("kith")
      .yes("friend", to.friends)
      .yes("close", to.close)
      .end()
      .end();
}

}  // namespace

void append_relationship(std::string& out, Relationship const& relationship) {
  JsonWriter json(out);
  put(json, relationship);
}

void append_relationships(std::string& out, std::span<Relationship const> relationships) {
  JsonWriter json(out);
  json.list();
  for (Relationship const& relationship : relationships) put(json, relationship);
  json.end_list();
}

}  // namespace kith::views
