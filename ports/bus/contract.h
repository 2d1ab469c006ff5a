#pragma once

// For tests: the engines that the suite runs on.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/bus/bus.h"

namespace kith::contract {

struct BusEngine {
  std::string name;
  std::function<std::shared_ptr<Bus>()> fresh;
};
// Empty where the server is not installed, which is said.
std::vector<BusEngine> redis_buses();

}  // namespace kith::contract
