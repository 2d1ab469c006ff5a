#pragma once

// What operators and their tools ask: is it alive, is it ready, its numbers, its description.

#include <functional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "gateway/http/router.h"

namespace kith {

struct OperationsNeeds {
  Metrics& metrics;
  std::string version;
  // Empty: ready. Else the reason why not, which /health/ready shows with 503.
  std::function<Task<std::string>()> not_ready;
  bool metrics_answer = true;  // without, there is no /metrics
  // Parts that do not answer now, which /health/ready names.
  std::function<Task<std::vector<std::string>>()> degraded = {};
};

// GET /health/live, /health/ready, /metrics (if it answers) and /api/openapi.json. Keeps references to router and
// metrics; the description is made at its first reading, so routes may still be added.
void operations_api(Router& router, OperationsNeeds needs);

}  // namespace kith
