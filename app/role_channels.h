#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/settings.h"
#include "ports/rpc/grpc/grpc.h"
#include "ports/rpc/observed.h"

namespace kith {

// The ways to the processes of other roles. As a channel it takes each call to the role of the service it names, so
// remote forms need not know who runs where.
class RoleChannels final : public Channel {
 public:
  // `metrics`: where calls are counted, or null; then they are no part of a trace, either.
  RoleChannels(Settings const& settings, std::shared_ptr<Identities const> const& identities,
               Metrics* metrics = nullptr);

  // Of a role that this process does not have.
  Channel& of(std::string_view role);
  // Where the connections live from now on (GrpcChannel::run_on).
  void run_on(std::vector<boost::asio::any_io_executor> const& loops);
  // Ends what is under way; what comes afterwards is refused.
  void close();
  Task<std::string> call(Call call, RpcMethod method, std::string request) override;

 private:
  struct Way {
    std::unique_ptr<GrpcChannel> channel;
    std::unique_ptr<ObservedChannel> observed;
  };
  std::shared_ptr<Discovery> const discovery_;       // null: nobody can be looked up
  std::map<std::string, Way, std::less<>> by_name_;  // "core" may stand for several roles
  std::map<std::string_view, Channel*> by_role_;
};

}  // namespace kith
