#include "base/metrics.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(Metrics, CountsAndShowsThemAsPrometheusReadsThem) {
  Metrics metrics;
  auto const refused = metrics.counter("refused_total", "Refusals", {{"why", "limit"}});
  refused.add();
  metrics.counter("refused_total", "Refusals", {{"why", "limit"}}).add(2);
  metrics.gauge("open", "Open connections").set(7);
  metrics.histogram("seconds", "Time").observe(0.003);

  EXPECT_EQ(refused.value(), 3);
  auto const text = metrics.text();
  EXPECT_NE(text.find("refused_total{why=\"limit\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("open 7"), std::string::npos) << text;
  EXPECT_NE(text.find("seconds_bucket{le=\"0.005\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("seconds_count 1"), std::string::npos) << text;
}

}  // namespace
}  // namespace kith
