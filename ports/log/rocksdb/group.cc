#include "ports/log/rocksdb/group.h"

#include <algorithm>

namespace kith::rocks {
namespace {

// What of a backlog is remembered one by one; the rest is delivered again after a crash.
constexpr std::size_t open_max = 1'000;
constexpr std::size_t acked_ahead_max = 100'000;

std::uint64_t number_of(Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
Time time_of(std::uint64_t number) { return Time{Duration{static_cast<std::int64_t>(number)}}; }

}  // namespace

std::string encode(Progress const& progress) {
  std::string bytes;
  append_varint(bytes, progress.loaded_to);
  append_varint(bytes, progress.open.size());
  Offset last = 0;
  for (Offset const offset : progress.open) {
    append_varint(bytes, offset - last);
    last = offset;
  }
  append_varint(bytes, progress.waiting_from);
  append_varint(bytes, progress.kinds.size());
  for (auto const& [kind, schema] : progress.kinds) {
    append_sized(bytes, kind);
    append_varint(bytes, schema);
  }
  return bytes;
}

Progress decode_progress(std::string_view bytes) {
  Progress progress;
  progress.loaded_to = take_varint(bytes);
  Offset last = 0;
  for (auto left = take_varint(bytes); left > 0; --left) progress.open.push_back(last += take_varint(bytes));
  progress.waiting_from = take_varint(bytes);
  for (auto left = take_varint(bytes); left > 0; --left) {
    std::string kind(take_sized(bytes));
    progress.kinds[std::move(kind)] = static_cast<std::uint32_t>(take_varint(bytes));
  }
  return progress;
}

std::string encode(AsideRecord const& record) {
  std::string bytes;
  append_varint(bytes, record.offset);
  append_varint(bytes, number_of(record.since));
  append_varint(bytes, record.attempts);
  append_sized(bytes, record.failure);
  return bytes + encode_logged(record.since, record.event);
}

AsideRecord decode_aside(std::string_view bytes) {
  AsideRecord record;
  record.offset = take_varint(bytes);
  record.since = time_of(take_varint(bytes));
  record.attempts = static_cast<std::uint32_t>(take_varint(bytes));
  record.failure = take_sized(bytes);
  record.event = decode_logged(record.offset, bytes).event;
  return record;
}

FollowedKind const* Group::followed(Event const& event) const {
  auto const found = std::ranges::find(subscription.kinds, event.kind, &FollowedKind::kind);
  return found == subscription.kinds.end() ? nullptr : &*found;
}

void Group::take_in(LoggedPtr logged, Duration now, bool hold) {
  FollowedKind const* const kind = followed(logged->event);
  if (kind == nullptr) return;
  Offset const offset = logged->offset;
  if (logged->event.schema > kind->schema_max) {  // waits for a program that knows it
    if (waiting_from == 0 || offset < waiting_from) waiting_from = offset;
    return;
  }
  std::uint64_t const id = logged->event.id.value;
  if (acked_ahead.erase(id) > 0 || by_id.contains(id)) return;
  by_id.emplace(id, offset);
  pending.emplace(offset, Pending{std::move(logged)});
  if (hold && kind->echo)
    later.emplace(now + echo_grace, offset);
  else
    ready.push_back(offset);
}

void Group::make_ready(Duration now) {
  while (!later.empty() && later.begin()->first <= now) {
    ready.push_back(later.begin()->second);
    later.erase(later.begin());
  }
}

void Group::handled(EventId event, bool behind) {
  auto const found = by_id.find(event.value);
  if (found != by_id.end())
    drop(pending.find(found->second));
  else if (behind && acked_ahead.size() < acked_ahead_max)  // else it is only delivered again
    acked_ahead.insert(event.value);
}

void Group::drop(std::map<Offset, Pending>::iterator at) {
  by_id.erase(at->second.logged->event.id.value);
  pending.erase(at);
  dirty = true;
}

bool Group::settled(Offset below) const {
  return loaded_to >= below && (pending.empty() || pending.begin()->first >= below);
}

Progress Group::progress() const {
  Progress progress{.loaded_to = loaded_to, .open = {}, .waiting_from = waiting_from, .kinds = {}};
  for (auto const& [offset, event] : pending) {
    if (aside.contains(event.logged->event.id.value)) continue;  // has a row of its own
    if (progress.open.size() == open_max) {
      progress.loaded_to = offset;
      break;
    }
    progress.open.push_back(offset);
  }
  for (FollowedKind const& kind : subscription.kinds) progress.kinds[kind.kind] = kind.schema_max;
  return progress;
}

}  // namespace kith::rocks
