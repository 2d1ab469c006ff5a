#pragma once

// The role `gateway`: HTTP over the services, wherever these run. Keeps nothing but content by version.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/services.h"
#include "app/settings.h"
#include "base/loops.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "gateway/http/router.h"
#include "ports/cache/cache.h"
#include "ports/clock/clock.h"

namespace kith {

class Gateway {
 public:
  struct Needs {
    Services services;
    Clock& clock;
    Metrics& metrics;
    Tracer* tracer = nullptr;
    // By which all gateways count together how often somebody asks; null: this is the only one.
    Cache* shared_cache = nullptr;
    // Why requests should not come yet; empty when they may.
    std::function<Task<std::string>()> not_ready;
    // Roles that do not answer, without which most requests are answered all the same.
    std::function<Task<std::vector<std::string>>()> degraded;
  };
  Gateway(Needs needs, Settings const& settings);
  ~Gateway();

  // Listens, or throws one sentence why not.
  void start(Loops& loops);
  // Takes from these what may change while serving. Any thread.
  void change(Settings const& settings);
  // Still answers, and closes each connection with its answer. Any thread.
  void drain();
  // False when requests had to be cut off. Not from a loop.
  bool stop();

  Router const& router() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
