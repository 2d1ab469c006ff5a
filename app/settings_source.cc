#include "app/settings_source.h"

#include "app/live_settings.h"
#include "ports/settings/consul.h"

namespace kith {

ConsulPlace consul_place(Settings const& settings) {
  return {.server = settings.consul_server,
          .token_file = settings.consul_token_file,
          .authority = settings.consul_authority};
}

std::unique_ptr<SettingsSource> settings_source(Settings const& settings) {
  if (settings.consul_settings.empty() || settings.consul_server.empty()) return nullptr;
  return std::make_unique<ConsulSettings>(consul_place(settings), settings.consul_settings);
}

SharedSettings load_shared(SettingsTold told) {
  SharedSettings all{.told = std::move(told), .source = {}, .loaded = {}};
  // What tells where they lie may not be complete without them.
  all.source = settings_source(settings_so_far(all.told));
  if (all.source) all.told.shared = shared_settings(all.source->read());
  all.loaded = load_settings(all.told);
  return all;
}

}  // namespace kith
