#include "app/live_settings.h"

#include <algorithm>

#include "base/breaker.h"
#include "base/error.h"
#include "base/log.h"

namespace kith {
namespace {

using std::chrono::milliseconds;

std::string names_of(std::vector<std::string> const& names) {
  std::string out;
  for (std::string const& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Counter changes(Metrics& metrics, char const* outcome) {
  return metrics.counter("kith_settings_changes_total", "Changes of settings while serving, by what became of them",
                         {{"outcome", outcome}});
}

}  // namespace

std::vector<SettingFrom> shared_settings(SettingsSource::Values values) {
  std::vector<SettingFrom> shared;
  for (auto& value : values) shared.push_back({std::move(value.name), std::move(value.text), std::move(value.where)});
  return shared;
}

LiveSettings::LiveSettings(Needs needs)
    : needs_(std::move(needs)),
      wanted_(needs_.current),
      applied_(changes(needs_.metrics, "applied")),
      refusals_(changes(needs_.metrics, "refused")),
      refused_now_(needs_.metrics.gauge("kith_settings_refused", "1 while the newest settings are refused")),
      away_now_(needs_.metrics.gauge("kith_settings_away", "1 while the shared settings cannot be read")),
      waiting_(needs_.metrics.gauge("kith_settings_waiting", "Settings that take effect at the next start")) {
  if (needs_.source != nullptr) thread_ = std::thread([this] { follow(); });
}

LiveSettings::~LiveSettings() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (needs_.source != nullptr) needs_.source->stop();
  if (thread_.joinable()) thread_.join();
}

void LiveSettings::follow() {
  Breaker jitter;
  for (milliseconds wait = needs_.pause_first;;) {
    try {
      auto values = needs_.source->changed();
      if (!values) return;
      wait = needs_.pause_first;
      if (away_.exchange(false)) log(LogLevel::info, "the shared settings can be read again");
      away_now_.set(0);
      std::lock_guard const lock(mutex_);
      needs_.told.shared = shared_settings(std::move(*values));
      take();
    } catch (Error const& error) {
      // Once an outage.
      if (!away_.exchange(true))
        log(LogLevel::warn, "the shared settings cannot be read: those before stay", {{"why", error.say}});
      away_now_.set(1);
      if (!pause(jitter.jittered(wait))) return;
      wait = std::min(wait * 2, needs_.pause_most);
    }
  }
}

void LiveSettings::reread() {
  std::lock_guard const lock(mutex_);
  take();
}

// With the mutex held: the source and a signal may come at once.
void LiveSettings::take() {
  try {
    Settings const wanted = load_settings(needs_.told).settings;
    SettingsChange const change = change_live(needs_.current, wanted);
    if (!change.changed.empty()) needs_.apply(change.settings);
    tell(change, wanted);
    needs_.current = change.settings;
    wanted_ = wanted;
  } catch (Error const& error) {
    refuse(error.say);
  }
}

void LiveSettings::tell(SettingsChange const& change, Settings const& wanted) {
  refusal_.clear();
  refused_ = false;
  refused_now_.set(0);
  waiting_.set(static_cast<double>(change.waiting.size()));
  if (!change.changed.empty()) {
    applied_.add();
    log(LogLevel::info, "settings have changed", {{"settings", names_of(change.changed)}});
  }
  if (wanted != wanted_ && !change.waiting.empty())
    log(LogLevel::warn, "settings take effect at the next start", {{"settings", names_of(change.waiting)}});
}

void LiveSettings::refuse(std::string const& why) {
  // The same again is the old news, whatever else has changed around it.
  if (why == refusal_) return;
  refusal_ = why;
  refused_ = true;
  refused_now_.set(1);
  refusals_.add();
  log(LogLevel::warn, "the changed settings are refused: those before stay", {{"why", why}});
}

// False: this ends.
bool LiveSettings::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace kith
