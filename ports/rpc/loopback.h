#pragma once

// A channel whose other end is in this process: every call goes through bytes, as between
// processes, but nothing waits. For tests and simulations.

#include "ports/rpc/channel.h"
#include "ports/rpc/methods.h"

namespace kith {

class Loopback final : public Channel {
 public:
  explicit Loopback(Methods const& methods) : methods_(methods) {}

  Task<std::string> call(Call call, RpcMethod method, std::string request) override;

 private:
  Methods const& methods_;
};

}  // namespace kith
