#pragma once

// Calls between processes as operators watch them, at both ends: numbers by method, and the spans that hang one
// process's part of a trace into the other's.

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/observed.h"
#include "base/trace.h"
#include "ports/rpc/channel.h"
#include "ports/rpc/methods.h"

namespace kith {

class ObservedChannel final : public Channel {
 public:
  ObservedChannel(Channel& channel, Metrics& metrics) : channel_(channel), metrics_(metrics) {}

  Task<std::string> call(Call call, RpcMethod method, std::string request) override;

 private:
  CallNumbers const& numbers_of(std::string_view method);

  Channel& channel_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::map<std::string, CallNumbers, std::less<>> numbers_;  // as many as the program has methods
};

// What `methods` answers from now on is watched, and what fails on our side is logged. Before an engine serves them;
// both must outlive it.
void observe(Methods& methods, Metrics& metrics, Tracer* tracer);

}  // namespace kith
