#pragma once

// Settings of one process, for tests.

#include <condition_variable>
#include <map>
#include <mutex>

#include "base/error.h"
#include "ports/settings/source.h"

namespace kith {

class MemorySettings final : public SettingsSource {
 public:
  using Change = std::map<std::string, std::optional<std::string>>;  // nothing: it is erased
  // In one go.
  void change(Change const& change);
  void set(std::string const& name, std::string text) { change({{name, std::move(text)}}); }
  // Cannot be asked until the next change.
  void go_away();

  Values read() override;
  std::optional<Values> changed() override;
  void stop() override;

 private:
  Values all() const;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::string> texts_;
  std::optional<Values> handed_out_;
  bool away_ = false;
  bool stopped_ = false;
};

}  // namespace kith
