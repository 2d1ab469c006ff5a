#include "gateway/views/scheduled_status.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put(JsonWriter& json, ScheduledStatus const& scheduled) {
  json.begin()
      .id("id", scheduled.id)
      .time("scheduled_at", scheduled.scheduled_at)
      .begin("params")
      .text("text", scheduled.text)
      .null("poll")
      .text_or_null("spoiler_text", scheduled.spoiler)
      .text_or_null("visibility", scheduled.visibility)
      .text_or_null("language", scheduled.language)
      .yes("sensitive", scheduled.sensitive);
  if (scheduled.media_ids.empty()) {
    json.null("media_ids");
  } else {
    json.list("media_ids");
    for (std::uint64_t const id : scheduled.media_ids) json.id_item(id);
    json.end_list();
  }
  json.id("in_reply_to_id", scheduled.in_reply_to)
      .number("application_id", scheduled.application)
      .null("scheduled_at")
      .text_or_null("idempotency", scheduled.idempotency)
      .id("quoted_status_id", scheduled.quoted)
      .text_or_null("quote_approval_policy", scheduled.quote_policy)
      .yes("with_rate_limit", false)
      .end()
      .raw("media_attachments", scheduled.media.empty() ? "[]" : scheduled.media)
      .begin("kith")
      .text("audience", scheduled.audience)
      .end()
      .end();
}

}  // namespace

void append_scheduled_status(std::string& out, ScheduledStatus const& scheduled) {
  JsonWriter json(out);
  put(json, scheduled);
}

void append_scheduled_statuses(std::string& out, std::span<ScheduledStatus const> scheduled) {
  JsonWriter json(out);
  json.list();
  for (ScheduledStatus const& each : scheduled) put(json, each);
  json.end_list();
}

}  // namespace kith::views
