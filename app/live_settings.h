#pragma once

// Settings that change while serving. What the source of shared settings hands out is judged with all others as a
// whole: valid settings are applied, those marked live at once, and what is refused is told and changes nothing.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "app/settings.h"
#include "base/metrics.h"
#include "ports/settings/source.h"

namespace kith {

// How the shared settings of a source stand among the others.
std::vector<SettingFrom> shared_settings(SettingsSource::Values values);

class LiveSettings {
 public:
  struct Needs {
    SettingsTold told;       // as this process began
    Settings current;        // and what came of it
    SettingsSource* source;  // null: there are only those of the file
    std::function<void(Settings const&)> apply;
    Metrics& metrics;
    std::chrono::milliseconds pause_first{500}, pause_most{30'000};  // before the source is asked again
  };
  // Follows the source from now on.
  explicit LiveSettings(Needs needs);
  // Ends it.
  ~LiveSettings();

  // Reads the file again.
  void reread();
  // The newest settings are not those that are in force: refused, or their source cannot be asked.
  bool behind() const { return refused_ || away_; }

 private:
  void follow();
  void take();
  void refuse(std::string const& why);
  void tell(SettingsChange const& change, Settings const& wanted);
  bool pause(std::chrono::milliseconds time);

  Needs needs_;
  Settings wanted_;
  std::string refusal_;
  Counter applied_, refusals_;
  Gauge refused_now_, away_now_, waiting_;
  std::atomic<bool> refused_ = false, away_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kith
