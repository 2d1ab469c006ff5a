#include "app/role_channels.h"

#include "app/roles.h"
#include "app/settings_source.h"
#include "base/check.h"
#include "ports/rpc/consul_services.h"

namespace kith {

RoleChannels::RoleChannels(Settings const& settings, std::shared_ptr<Identities const> const& identities,
                           Metrics* metrics)
    : discovery_(settings.consul_server.empty() ? nullptr : std::make_shared<ConsulDiscovery>(consul_place(settings))) {
  for (std::string_view const role : service_roles) {
    if (has_role(settings, role)) continue;
    std::string const name(called_as(settings, role));
    auto& [channel, observed] = by_name_[name];
    if (!channel) {
      GrpcChannel::Settings called{
          .addresses = addresses_of(settings, role), .identities = identities, .discovery = discovery_};
      if (identities) called.name = identities->name_of(name);
      channel = std::make_unique<GrpcChannel>(std::move(called));
      if (metrics != nullptr) observed = std::make_unique<ObservedChannel>(*channel, *metrics);
    }
    by_role_.emplace(role, observed ? static_cast<Channel*>(observed.get()) : channel.get());
  }
}

Channel& RoleChannels::of(std::string_view role) {
  auto const found = by_role_.find(role);
  check(found != by_role_.end(), "what runs in this process is not asked of another");
  return *found->second;
}

void RoleChannels::run_on(std::vector<boost::asio::any_io_executor> const& loops) {
  for (auto const& [name, way] : by_name_) way.channel->run_on(loops);
}

void RoleChannels::close() {
  for (auto const& [name, way] : by_name_) way.channel->close();
}

Task<std::string> RoleChannels::call(Call call, RpcMethod method, std::string request) {
  return of(role_of(service_of(method.name))).call(call, method, std::move(request));
}

}  // namespace kith
