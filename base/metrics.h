#pragma once

// Numbers for operators, in the text form of Prometheus. Handles are small, copyable, and as cheap
// as an atomic add; making one takes a lock, so make it once and keep it. A label's values must be
// few: routes, not paths.

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace kith {

class Counter {
 public:
  void add(double amount = 1) const;
  double value() const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  void set(double value) const;
  void add(double amount) const;
  double value() const;

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  void observe(double value) const;

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  prometheus::Histogram* histogram_;
};

// The registry. Handles live as long as it does. Safe from every thread.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();

  // The same name and labels give the same number.
  Counter counter(std::string const& name, std::string const& help, Labels const& labels = {});
  Gauge gauge(std::string const& name, std::string const& help, Labels const& labels = {});
  // Bounds in seconds by default: 100 us to 10 s.
  Histogram histogram(std::string const& name, std::string const& help, Labels const& labels = {},
                      std::vector<double> const& bounds = seconds());
  static std::vector<double> const& seconds();

  std::string text() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace kith
