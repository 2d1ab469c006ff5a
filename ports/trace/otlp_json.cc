#include "ports/trace/otlp_json.h"

#include "base/json.h"

namespace kith::otlp {
namespace {

constexpr int status_error = 2;

void attribute(JsonWriter& json, std::string_view name, std::string_view value) {
  json.begin().text("key", name).begin("value").text("stringValue", value).end().end();
}
void attribute(JsonWriter& json, std::string_view name, std::int64_t value) {
  json.begin().text("key", name).begin("value").text("intValue", std::to_string(value)).end().end();
}

std::string nanoseconds(Time time) { return std::to_string(std::chrono::nanoseconds(time.time_since_epoch()).count()); }

void write(JsonWriter& json, FinishedSpan const& span) {
  json.begin().text("traceId", to_hex(span.trace)).text("spanId", to_hex(span.id));
  if (span.parent != 0) json.text("parentSpanId", to_hex(span.parent));
  json.text("name", span.name).number("kind", static_cast<std::uint64_t>(span.kind));
  json.text("startTimeUnixNano", nanoseconds(span.began)).text("endTimeUnixNano", nanoseconds(span.began + span.took));
  json.list("attributes");
  for (auto const& [name, value] : span.texts) attribute(json, name, value);
  for (auto const& [name, value] : span.numbers) attribute(json, name, value);
  json.end_list();
  if (!span.failure.empty()) json.begin("status").number("code", status_error).text("message", span.failure).end();
  json.end();
}

}  // namespace

std::string json_of(Sender const& sender, std::span<FinishedSpan const> spans) {
  std::string body;
  body.reserve(512 + spans.size() * 512);
  JsonWriter json(body);
  json.begin().list("resourceSpans").begin();
  json.begin("resource").list("attributes");
  attribute(json, "service.name", sender.service);
  attribute(json, "service.version", sender.version);
  attribute(json, "service.instance.id", sender.instance);
  json.end_list().end();
  json.list("scopeSpans").begin().begin("scope").text("name", "kith").end().list("spans");
  for (FinishedSpan const& span : spans) write(json, span);
  json.end_list().end().end_list();
  json.end().end_list().end();
  return body;
}

}  // namespace kith::otlp
