#include "ports/table/rocksdb/commit.h"

#include <algorithm>

#include "base/error.h"

namespace kith::rocks {

CommitJob::CommitJob(Commit commit) : commit_(std::move(commit)) {
  bool truth = !commit_.events.empty();
  auto const place = [&](RowKey const& key, bool bytes, std::vector<std::uint32_t>& places) {
    places.push_back(static_cast<std::uint32_t>(place_of(key, bytes)));
    if (&places != &checks_) truth = truth || is_truth(key.table);
  };
  for (WidePut const& first : commit_.first) place(first.key, true, firsts_);
  for (RowCheck const& check : commit_.checks) place(check.key, false, checks_);
  for (RowPut const& put : commit_.puts) place(put.key, false, puts_);
  for (RowKey const& key : commit_.erases) place(key, false, erases_);
  for (RowAdd const& add : commit_.adds) place(add.key, true, adds_);
  for (Commit& derived : commit_.along) along_.emplace_back(std::move(derived));
  // What is derived rides on the next sync: the event it came from is older in the same log file,
  // and comes again if both are lost.
  synced = truth && !commit_.may_be_lost;
}

std::size_t CommitJob::place_of(RowKey const& key, bool bytes) {
  auto const found = std::ranges::find_if(places_, [&](Place const& place) { return place.row.key == key; });
  if (found != places_.end()) {
    found->row.bytes = found->row.bytes || bytes;
    return static_cast<std::size_t>(found - places_.begin());
  }
  places_.push_back({.row = {.key = key, .encoded = encode_key(key), .bytes = bytes}});
  return places_.size() - 1;
}

Task<void> CommitJob::look(Db& db, RowCache& cache, Lane const& lane) {
  generation_ = lane.generation();
  std::vector<JobRow*> missing;
  auto const find = [&](CommitJob& job) {
    for (Place& place : job.places_)
      if (!place.row.find(cache)) missing.push_back(&place.row);
  };
  find(*this);
  for (CommitJob& derived : along_) {
    derived.generation_ = generation_;
    find(derived);
  }
  co_await read(db, std::move(missing));
}

LaneJob::Verdict CommitJob::judge(Lane& lane) {
  outcome = {};
  if (!arrange(lane)) return Verdict::stale;
  if (repeated(lane.now())) {
    outcome.done = true;
    for (auto const put : puts_) outcome.versions.push_back(places_[put].now->version);
    for (auto const erase : erases_) outcome.versions.push_back(places_[erase].now->version);
    for (std::size_t i = 0; i < adds_.size(); ++i) {
      std::string value = places_[adds_[i]].now->value;
      outcome.sums.push_back(add_to_field(value, commit_.adds[i].field, 0));
    }
    // Its first try may be in this very batch: if that fails, this is as unknown.
    return Verdict::changes;
  }
  if (refused(lane.now())) return Verdict::nothing;
  write(lane);
  outcome.along = !along_.empty();
  for (CommitJob& derived : along_) outcome.along = derived.follow(lane) && outcome.along;
  return Verdict::changes;
}

// What does not fit is left to those who follow.
bool CommitJob::follow(Lane& lane) {
  try {
    if (!arrange(lane)) return false;
    if (repeated(lane.now())) return true;
    if (refused(lane.now())) return false;
    write(lane);
    return true;
  } catch (Error const&) {
    return false;
  }
}

bool CommitJob::arrange(Lane& lane) {
  bool const fresh = lane.fresh(generation_);
  for (Place& place : places_) {
    place.now = lane.recent(place.row.encoded);
    if (place.now == nullptr && !fresh) return false;
    if (place.now == nullptr) place.now = &place.row.seen;
  }
  return true;
}

// The rows themselves know which operation wrote them last.
bool CommitJob::repeated(Time now) const {
  auto const carried = [&](std::uint32_t place) {
    if (places_[place].now->operation != commit_.operation) return false;
    // Whoever has read what the operation wrote, and changes it again, does not repeat it.
    auto const check = std::ranges::find(checks_, place);
    return check == checks_.end() || !holds(static_cast<std::size_t>(check - checks_.begin()), now);
  };
  return std::ranges::any_of(puts_, carried) || std::ranges::any_of(erases_, carried);
}

bool CommitJob::holds(std::size_t check, Time now) const {
  RowState const& state = *places_[checks_[check]].now;
  auto const& version = commit_.checks[check].version;
  return version ? state.lives(now) && state.version == *version : !state.lives(now);
}

bool CommitJob::refused(Time now) {
  bool all = true;
  for (std::size_t i = 0; i < checks_.size(); ++i) all = all && holds(i, now);
  if (all) return false;
  for (auto const check : checks_) outcome.rows.push_back(as_it_is(places_[check], now));
  return true;
}

RowPtr CommitJob::as_it_is(Place const& place, Time now) const {
  if (!place.now->lives(now)) return nullptr;
  if (place.now == &place.row.seen && place.row.parsed) return place.row.parsed;
  return place.row.key.table->parse(place.row.key, place.now->header(), place.now->value);
}

void CommitJob::write(Lane& lane) {
  Time const now = lane.now();
  Version const at_least = now.time_since_epoch().count();
  // All is computed before the first row is handed to the lane, for that may throw nothing any more.
  std::vector<std::optional<RowState>> next(places_.size());
  auto const change = [&](std::uint32_t place) -> RowState& {
    auto& state = next[place];
    if (!state) {
      RowState const& old = *places_[place].now;
      state = RowState{.version = std::max(old.version + 1, at_least), .operation = commit_.operation};
      if (old.lives(now)) {
        state->expires_at = old.expires_at;
        if (places_[place].row.bytes) state->value = old.value;
      }
    }
    return *state;
  };
  for (std::size_t i = 0; i < puts_.size(); ++i) {
    RowState& state = change(puts_[i]);
    state.value = std::move(commit_.puts[i].value);
    state.expires_at = commit_.puts[i].expires_at;
  }
  for (auto const erase : erases_) {
    RowState& state = change(erase);
    state.value.clear();
    state.expires_at = no_time;
    state.erased = true;
    state.erased_at = now;
  }
  for (std::size_t i = 0; i < adds_.size(); ++i) {
    RowState& state = change(adds_[i]);
    if (state.erased) state = RowState{.version = state.version, .operation = state.operation};
    outcome.sums.push_back(add_to_field(state.value, commit_.adds[i].field, commit_.adds[i].delta));
  }
  for (auto const put : puts_) outcome.versions.push_back(next[put]->version);
  for (auto const erase : erases_) outcome.versions.push_back(next[erase]->version);
  outcome.done = true;
  for (std::size_t i = 0; i < firsts_.size(); ++i) {
    WidePut& first = commit_.first[i];
    RowState state{.version = first.version, .expires_at = first.expires_at, .value = std::move(first.value)};
    Place const& place = places_[firsts_[i]];
    if (wins(state, next[firsts_[i]] ? *next[firsts_[i]] : *place.now)) next[firsts_[i]] = std::move(state);
  }
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (next[i]) lane.write(std::move(places_[i].row.key), std::move(places_[i].row.encoded), std::move(*next[i]));
  for (Event const& event : commit_.events) lane.append(event);
}

}  // namespace kith::rocks
