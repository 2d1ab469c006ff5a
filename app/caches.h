#pragma once

// The cache and the bus: of this process, or on servers that all processes of the community share, as the
// settings say.

#include <memory>

#include "app/settings.h"
#include "base/metrics.h"
#include "ports/bus/bus.h"
#include "ports/cache/cache.h"
#include "ports/clock/clock.h"

namespace kith {

class Caches {
 public:
  // Reaches the servers. Throws one sentence why it cannot.
  Caches(Clock const& clock, Settings const& settings);
  ~Caches();

  // Counts the calls of these servers, before the first.
  void observe(Metrics& metrics);
  Cache& cache();
  // The same, if all processes of the community share it; else null.
  Cache* shared_cache();
  Bus& bus();
  void report(Metrics& metrics) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
