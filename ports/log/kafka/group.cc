#include "ports/log/kafka/group.h"

#include <algorithm>

namespace kith::kafka {
namespace {

// An acknowledgement whose event did not come by then was for another process's partition.
constexpr Duration ahead_for = std::chrono::minutes{5};
constexpr std::size_t ahead_max = 100'000;
constexpr Duration pause_max = std::chrono::minutes{1};

Duration pause_after(std::uint32_t attempts, Duration pause) {
  for (; attempts > 1 && pause < pause_max; --attempts) pause *= 2;
  return std::min(pause, pause_max);
}

Place place_of(EventId aside) { return {aside_place, static_cast<Offset>(aside.value)}; }

}  // namespace

Offset Group::add(std::int32_t partition, std::optional<Progress> const& progress) {
  Partition added{.dirty = true};
  if (progress) {
    added.known_to = progress->loaded_to;
    added.open_before = {progress->open.begin(), progress->open.end()};
    added.kinds_before = progress->kinds;
    added.replayed = progress->replayed;
    added.loaded_to = progress->committed();
    // An event of a kind, or of a newer schema, that the group knows only now has waited for it.
    bool const more = std::ranges::any_of(subscription.kinds, [&](FollowedKind const& kind) {
      auto const old = progress->kinds.find(kind.kind);
      return old == progress->kinds.end() || old->second < kind.schema_max;
    });
    if (more) added.loaded_to = 0;
  }
  Offset const from = added.loaded_to;
  partitions_.insert_or_assign(partition, std::move(added));
  joined = true;
  return from;
}

void Group::remove(std::int32_t partition) {
  auto const found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  for (auto const& [offset, pending] : found->second.pending) by_id_.erase(pending.logged->event.id.value);
  partitions_.erase(found);
}

Partition* Group::find(std::int32_t partition) {
  auto const found = partitions_.find(partition);
  return found == partitions_.end() ? nullptr : &found->second;
}

FollowedKind const* Group::followed(Event const& event) const {
  auto const found = std::ranges::find(subscription.kinds, event.kind, &FollowedKind::kind);
  return found == subscription.kinds.end() ? nullptr : &*found;
}

void Group::take_in(Place place, LoggedEvent logged, Duration now, Time wall) {
  Partition* const partition = find(place.partition);
  if (partition == nullptr || place.offset < partition->loaded_to) return;
  partition->loaded_to = place.offset + 1;
  partition->dirty = true;
  Event const& event = logged.event;
  FollowedKind const* const kind = followed(event);
  if (kind == nullptr) return;
  if (event.schema > kind->schema_max) return;  // waits for a program that knows it, which begins again
  if (place.offset < partition->known_to && !partition->open_before.contains(place.offset)) {
    auto const knew = partition->kinds_before.find(event.kind);
    if (knew != partition->kinds_before.end() && event.schema <= knew->second) return;
  }
  if (acked_ahead_.erase(event.id.value) > 0 || by_id_.contains(event.id.value)) return;
  bool const hold = kind->echo && event.due <= wall;
  bool const due_later = event.due > wall;
  auto const id = event.id.value;
  Time const due = event.due;
  by_id_.emplace(id, place);
  partition->pending.emplace(place.offset, Pending{std::make_shared<LoggedEvent const>(std::move(logged))});
  if (due_later)
    due_.emplace(due, place);
  else if (hold)
    later_.emplace(now + echo_grace, place);
  else
    ready_.push_back(place);
}

void Group::begin_again(std::int32_t partition, Offset from) {
  Partition* const again = find(partition);
  if (again == nullptr) return;
  again->loaded_to = std::min(again->loaded_to, from);
  again->known_to = std::min(again->known_to, from);
  again->dirty = true;
  again->replaying = false;
  acked_ahead_.clear();
}

Pending* Group::at(Place place) {
  if (place.partition == aside_place) {
    auto const found = retried_.find(place.offset);
    return found == retried_.end() ? nullptr : &found->second;
  }
  Partition* const partition = find(place.partition);
  if (partition == nullptr) return nullptr;
  auto const found = partition->pending.find(place.offset);
  return found == partition->pending.end() ? nullptr : &found->second;
}

void Group::try_again(EventId event, bool hourly) {
  auto const found = aside_.find(event.value);
  if (found == aside_.end()) return;
  if (auto const known = by_id_.find(event.value); known != by_id_.end()) {
    if (Pending* const pending = at(known->second); pending != nullptr && !hourly) {  // by itself, this hour
      pending->hourly = false;
      pending->attempts = 0;
    }
    return;
  }
  Place const place = place_of(event);
  by_id_.emplace(event.value, place);
  retried_.emplace(place.offset,
                   Pending{.logged = std::make_shared<LoggedEvent const>(found->second.logged), .hourly = hourly});
  ready_.push_back(place);
}

void Group::apply(EventId event, std::optional<Aside> aside) {
  if (!aside) {
    aside_.erase(event.value);
    if (auto const known = by_id_.find(event.value); known != by_id_.end() && known->second == place_of(event))
      drop(known->second);
    return;
  }
  bool const again = aside->again;
  aside_.insert_or_assign(event.value, std::move(*aside));
  if (again && aside_known_) try_again(event, false);
}

void Group::aside_said(EventId event, std::optional<Aside> aside, Offset offset) {
  aside_loaded_to_ = std::max(aside_loaded_to_, offset + 1);
  // What this process wrote there is known; what stood there before it is no longer so.
  if (auto const own = aside_written_.find(event.value); own != aside_written_.end()) {
    if (offset < own->second) return;
    bool const mine = offset == own->second;
    aside_written_.erase(own);
    if (mine) return;
  }
  apply(event, std::move(aside));
}

void Group::aside_wrote(EventId event, std::optional<Aside> aside, Offset offset) {
  if (!aside_known_ || offset < aside_loaded_to_) return;  // is read, by whoever reads it
  aside_written_.insert_or_assign(event.value, offset);
  apply(event, std::move(aside));
}

void Group::aside_came() {
  aside_lost();
  aside_here_ = true;
}

void Group::aside_read(Offset end) {
  aside_loaded_to_ = std::max(aside_loaded_to_, end);
  if (std::exchange(aside_known_, true)) return;
  std::vector<std::uint64_t> again;
  for (auto const& [event, aside] : aside_)
    if (aside.again) again.push_back(event);
  for (auto const event : again) try_again(EventId{event}, false);
}

void Group::aside_lost() {
  aside_here_ = aside_known_ = false;
  aside_loaded_to_ = 0;
  aside_.clear();
  aside_written_.clear();
  for (auto const& [id, pending] : retried_) by_id_.erase(pending.logged->event.id.value);
  retried_.clear();
}

void Group::try_aside(Time before) {
  if (!aside_known_) return;
  std::vector<std::uint64_t> old;
  for (auto const& [event, aside] : aside_)
    if (aside.since <= before && !by_id_.contains(event)) old.push_back(event);
  for (auto const event : old) try_again(EventId{event}, true);
}

void Group::make_ready(Duration now, Time wall) {
  for (; !later_.empty() && later_.begin()->first <= now; later_.erase(later_.begin()))
    ready_.push_back(later_.begin()->second);
  for (; !due_.empty() && due_.begin()->first <= wall; due_.erase(due_.begin())) ready_.push_back(due_.begin()->second);
  if (now < acked_swept_ + ahead_for && acked_ahead_.size() < ahead_max) return;
  acked_swept_ = now;
  boost::unordered::erase_if(acked_ahead_, [&](auto const& one) { return one.second + ahead_for < now; });
}

std::optional<Group::Taken> Group::take() {
  while (!ready_.empty()) {
    Place const place = ready_.front();
    ready_.pop_front();
    Pending* const pending = at(place);
    if (pending == nullptr || pending->running) continue;
    if (Partition const* const partition = find(place.partition); partition != nullptr && partition->leaving) continue;
    pending->running = true;
    return Taken{place, pending->logged};
  }
  return std::nullopt;
}

Group::Ended Group::end(Place place, bool failed, Duration now, Duration pause_first) {
  Pending* const pending = at(place);
  if (pending == nullptr) return {.gone = true};
  pending->running = false;
  bool const was_aside = place.partition == aside_place;
  if (!failed) {
    if (!was_aside) drop(place);
    return {.aside = was_aside};
  }
  std::uint32_t attempts = ++pending->attempts;
  if (pending->hourly) attempts = attempts_max;
  if (attempts >= attempts_max) return {.aside = true, .attempts = attempts};
  later_.emplace(now + pause_after(attempts, pause_first), place);
  return {};
}

void Group::later(Place place, Duration at) { later_.emplace(at, place); }

void Group::drop(Place place) {
  Pending const* const pending = at(place);
  if (pending == nullptr) return;
  by_id_.erase(pending->logged->event.id.value);
  if (place.partition == aside_place) {
    retried_.erase(place.offset);
    return;
  }
  Partition* const partition = find(place.partition);
  partition->pending.erase(place.offset);
  partition->dirty = true;
}

bool Group::acknowledged(EventId event, Duration now) {
  auto const found = by_id_.find(event.value);
  if (found != by_id_.end() && found->second.partition != aside_place)
    drop(found->second);
  else if (found == by_id_.end() && !aside_.contains(event.value) && acked_ahead_.size() < ahead_max)
    acked_ahead_.emplace(event.value, now);
  return aside_.contains(event.value);
}

bool Group::loaded(std::map<std::int32_t, Offset> const& below) const {
  return std::ranges::all_of(below, [&](auto const& one) {
    auto const found = partitions_.find(one.first);
    return found == partitions_.end() || (!found->second.replaying && found->second.loaded_to >= one.second);
  });
}

bool Group::settled(std::map<std::int32_t, Offset> const& below, Time wall) const {
  if (!retried_.empty()) return false;
  return std::ranges::all_of(below, [&](auto const& one) {
    auto const found = partitions_.find(one.first);
    if (found == partitions_.end()) return true;
    if (found->second.replaying || found->second.loaded_to < one.second) return false;
    return std::ranges::none_of(found->second.pending, [&](auto const& each) {
      return each.first < one.second && each.second.logged->event.due <= wall;
    });
  });
}

Progress Group::progress(Partition const& partition) const {
  Progress progress{.loaded_to = std::max(partition.loaded_to, partition.known_to), .replayed = partition.replayed};
  for (auto const& [offset, pending] : partition.pending) progress.open.push_back(offset);
  if (partition.loaded_to < partition.known_to) {  // reads what was read once: what comes is open still
    progress.kinds = partition.kinds_before;
    for (auto at = partition.open_before.lower_bound(partition.loaded_to); at != partition.open_before.end(); ++at)
      progress.open.push_back(*at);
    return progress;
  }
  for (FollowedKind const& kind : subscription.kinds) progress.kinds[kind.kind] = kind.schema_max;
  return progress;
}

void Group::count(Lag& lag, Time wall) const {
  auto const waits = [&](Pending const& pending) {
    ++lag.waiting;
    Time const appended = pending.logged->appended;
    if (lag.oldest == no_time || appended < lag.oldest) lag.oldest = appended;
  };
  for (auto const& [number, partition] : partitions_)
    for (auto const& [offset, pending] : partition.pending)
      if (pending.logged->event.due <= wall) waits(pending);
  std::uint64_t again = 0;
  for (auto const& [id, pending] : retried_) {
    if (pending.hourly) continue;
    ++again;
    waits(pending);
  }
  lag.set_aside = aside_.size() - again;
}

bool Group::rests(EventId event) const {
  auto const found = by_id_.find(event.value);
  if (found == by_id_.end() || found->second.partition != aside_place) return true;
  auto const pending = retried_.find(found->second.offset);
  return pending == retried_.end() || pending->second.hourly;
}

}  // namespace kith::kafka
