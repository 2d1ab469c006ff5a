#include "ports/table/cassandra/lately.h"

#include <gtest/gtest.h>

namespace kith::cassandra {
namespace {

TEST(Lately, WhatIsAskedForStaysAndWhatIsNotGoes) {
  Lately lately(100);
  for (int i = 0; i < 1'000; ++i) {
    lately.add(std::to_string(i));
    EXPECT_TRUE(lately.contains("0")) << i;
  }
  for (int i = 905; i < 1'000; ++i) EXPECT_TRUE(lately.contains(std::to_string(i))) << i;
  EXPECT_FALSE(lately.contains("1"));
  EXPECT_FALSE(lately.contains("700"));
}

}  // namespace
}  // namespace kith::cassandra
