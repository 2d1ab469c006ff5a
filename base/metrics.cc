#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace kith {

void Counter::add(double amount) const { counter_->Increment(amount); }
double Counter::value() const { return counter_->Value(); }
void Gauge::set(double value) const { gauge_->Set(value); }
void Gauge::add(double amount) const { gauge_->Increment(amount); }
double Gauge::value() const { return gauge_->Value(); }
void Histogram::observe(double value) const { histogram_->Observe(value); }

struct Metrics::Registry {
  // Merge: asking twice for a family gives the same one.
  prometheus::Registry vendor{prometheus::Registry::InsertBehavior::Merge};
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(std::string const& name, std::string const& help, Labels const& labels) {
  return Counter(prometheus::BuildCounter().Name(name).Help(help).Register(registry_->vendor).Add(labels));
}

Gauge Metrics::gauge(std::string const& name, std::string const& help, Labels const& labels) {
  return Gauge(prometheus::BuildGauge().Name(name).Help(help).Register(registry_->vendor).Add(labels));
}

Histogram Metrics::histogram(std::string const& name, std::string const& help, Labels const& labels,
                             std::vector<double> const& bounds) {
  return Histogram(prometheus::BuildHistogram().Name(name).Help(help).Register(registry_->vendor).Add(labels, bounds));
}

std::vector<double> const& Metrics::seconds() {
  static std::vector<double> const bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return bounds;
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_->vendor.Collect()); }

}  // namespace kith
