#pragma once

// The settings of a process with those that it shares with others.

#include <memory>

#include "app/settings.h"
#include "ports/settings/consul_http.h"
#include "ports/settings/source.h"

namespace kith {

// How to ask the Consul that they name.
ConsulPlace consul_place(Settings const& settings);

// Where the shared ones lie; null when these name no such place.
std::unique_ptr<SettingsSource> settings_source(Settings const& settings);

struct SharedSettings {
  SettingsTold told;  // with what is shared
  std::unique_ptr<SettingsSource> source;
  LoadedSettings loaded;
};
// Throws one sentence, also when the place of the shared ones cannot be asked.
SharedSettings load_shared(SettingsTold told);

}  // namespace kith
