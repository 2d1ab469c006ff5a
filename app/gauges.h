#pragma once

// The numbers of an engine, written down as they are now.

#include "base/metrics.h"

namespace kith {

struct Gauges {
  Metrics& metrics;

  template <class Number>
  void operator()(char const* name, char const* help, Number value, Metrics::Labels const& labels = {}) const {
    metrics.gauge(name, help, labels).set(static_cast<double>(value));
  }
};

}  // namespace kith
