#include "ports/log/kafka/record.h"

#include <algorithm>
#include <charconv>
#include <concepts>

#include "base/trace.h"

namespace kith::kafka {
namespace {

std::string const failed_as = "failed: ";

template <std::integral Number>
Number number_in(std::string_view text, Number missing = 0) {
  Number number = missing;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string text_of(Time time) { return std::to_string(time.time_since_epoch().count()); }
Time time_in(std::string_view text) { return Time{Duration{number_in<std::int64_t>(text)}}; }

// The text up to the next blank; what is left follows it.
std::string_view word(std::string_view& text, char end = ' ') {
  auto const at = std::min(text.find(end), text.size());
  std::string_view const first = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return first;
}

}  // namespace

std::string_view Record::header(std::string_view name) const {
  auto const found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string_view() : found->second;
}

Record record_of(Event const& event, Time appended) {
  Record record{.key = event.key,
                .value = event.body,
                .headers = {{"id", std::to_string(event.id.value)},
                            {"kind", event.kind},
                            {"schema", std::to_string(event.schema)},
                            {"appended", text_of(appended)}}};
  if (event.due != no_time) record.headers.emplace_back("due", text_of(event.due));
  if (event.span != 0) record.headers.emplace_back("traceparent", traceparent({event.trace, event.span, true}));
  return record;
}

LoggedEvent event_in(Record const& record) {
  LoggedEvent logged{.appended = time_in(record.header("appended")), .event = {}};
  Event& event = logged.event;
  event.id = EventId{number_in<std::uint64_t>(record.header("id"))};
  event.kind = record.header("kind");
  event.schema = number_in<std::uint32_t>(record.header("schema"), 1);
  event.key = record.key;
  event.body = record.value;
  event.due = time_in(record.header("due"));
  if (auto const parent = parse_traceparent(record.header("traceparent")); parent && parent->sampled) {
    event.trace = parent->trace;
    event.span = parent->span;
  }
  return logged;
}

Record record_of(Replay const& replay) {
  return {.key = {}, .value = {}, .headers = {{"replay", replay.group}, {"since", text_of(replay.since)}}};
}

bool is_replay(Record const& record) { return !record.header("replay").empty(); }

Replay replay_in(Record const& record) {
  return {std::string(record.header("replay")), time_in(record.header("since"))};
}

std::string aside_key(std::string_view group, EventId event) {
  return std::string(group) + '/' + std::to_string(event.value);
}

std::pair<std::string, EventId> named_by(std::string_view aside_key) {
  auto const slash = aside_key.rfind('/');
  if (slash == std::string_view::npos) return {};
  return {std::string(aside_key.substr(0, slash)), EventId{number_in<std::uint64_t>(aside_key.substr(slash + 1))}};
}

Record record_of(std::string_view group, Aside const& aside) {
  Record record = record_of(aside.logged.event, aside.logged.appended);
  // The record's key is the topic's own, and a value that is empty would make it forget: both move to headers.
  record.headers.emplace_back("key", std::exchange(record.key, aside_key(group, aside.logged.event.id)));
  record.headers.emplace_back("body", std::exchange(record.value, failed_as + aside.failure));
  record.headers.emplace_back("since", text_of(aside.since));
  record.headers.emplace_back("attempts", std::to_string(aside.attempts));
  if (aside.again) record.headers.emplace_back("again", "yes");
  return record;
}

Aside aside_in(Record const& record) {
  Aside aside{.logged = event_in(record),
              .since = time_in(record.header("since")),
              .attempts = number_in<std::uint32_t>(record.header("attempts")),
              .failure = record.value.substr(std::min(failed_as.size(), record.value.size())),
              .again = !record.header("again").empty()};
  aside.logged.event.key = record.header("key");
  aside.logged.event.body = record.header("body");
  return aside;
}

// "1 LOADED REPLAYED kind=2,other=1 OPEN,+N,+N": open offsets as differences.
std::string encode(Progress& progress) {
  std::string kinds;
  for (auto const& [kind, schema] : progress.kinds)
    kinds += (kinds.empty() ? "" : ",") + kind + '=' + std::to_string(schema);
  std::string open;
  Offset last = 0;
  std::size_t const room = progress_bytes_max - std::min<std::size_t>(kinds.size() + 64, progress_bytes_max);
  for (std::size_t i = 0; i < progress.open.size(); ++i) {
    std::string next = (i == 0 ? "" : ",") + std::to_string(progress.open[i] - last);
    if (open.size() + next.size() > room) {
      progress.loaded_to = progress.open[i];
      progress.open.resize(i);
      break;
    }
    open += next;
    last = progress.open[i];
  }
  return "1 " + std::to_string(progress.loaded_to) + ' ' + std::to_string(progress.replayed) + ' ' + kinds + ' ' + open;
}

Progress decode_progress(std::string_view text, Offset committed) {
  if (word(text) != "1") return {.loaded_to = committed};
  Progress progress{.loaded_to = number_in<Offset>(word(text), committed)};
  progress.replayed = number_in<Offset>(word(text), -1);
  for (std::string_view kinds = word(text); !kinds.empty();) {
    std::string_view one = word(kinds, ',');
    std::string kind(word(one, '='));
    progress.kinds[std::move(kind)] = number_in<std::uint32_t>(one);
  }
  Offset last = 0;
  while (!text.empty()) progress.open.push_back(last += number_in<Offset>(word(text, ',')));
  return progress;
}

}  // namespace kith::kafka
