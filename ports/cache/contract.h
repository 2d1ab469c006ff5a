#pragma once

// For tests: the engines that the suite runs on.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/cache/cache.h"
#include "ports/clock/clock.h"

namespace kith::contract {

struct CacheEngine {
  std::string name;
  std::function<std::shared_ptr<Cache>(Clock const&)> fresh;
};
// Empty where the server is not installed, which is said.
std::vector<CacheEngine> redis_caches();

}  // namespace kith::contract
