#include "ports/settings/memory.h"

namespace kith {

void MemorySettings::change(Change const& change) {
  std::lock_guard const lock(mutex_);
  for (auto const& [name, text] : change) {
    texts_.erase(name);
    if (text) texts_.emplace(name, *text);
  }
  away_ = false;
  wake_.notify_all();
}

void MemorySettings::go_away() {
  std::lock_guard const lock(mutex_);
  away_ = true;
  wake_.notify_all();
}

SettingsSource::Values MemorySettings::all() const {
  Values values;
  for (auto const& [name, text] : texts_) values.push_back({name, text, name + " in memory"});
  return values;
}

SettingsSource::Values MemorySettings::read() {
  std::lock_guard const lock(mutex_);
  if (away_) throw Error{Code::unavailable, "The settings in memory are away"};
  return *(handed_out_ = all());
}

std::optional<SettingsSource::Values> MemorySettings::changed() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopped_ || away_ || !handed_out_ || *handed_out_ != all(); });
  if (stopped_) return std::nullopt;
  if (away_) {
    handed_out_.reset();
    throw Error{Code::unavailable, "The settings in memory are away"};
  }
  return handed_out_ = all();
}

void MemorySettings::stop() {
  std::lock_guard const lock(mutex_);
  stopped_ = true;
  wake_.notify_all();
}

}  // namespace kith
