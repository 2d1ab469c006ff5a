#include "base/recent.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(Recent, WhatIsAskedForStaysAndWhatIsNotGoes) {
  Recent<int, int> recent(100);
  for (int i = 0; i < 1'000; ++i) {
    recent.put(i, -i);
    ASSERT_NE(recent.find(0), nullptr) << i;
  }
  for (int i = 905; i < 1'000; ++i) {
    ASSERT_NE(recent.find(i), nullptr) << i;
    EXPECT_EQ(*recent.find(i), -i);
  }
  EXPECT_EQ(recent.find(1), nullptr);
  EXPECT_EQ(recent.find(700), nullptr);
}

TEST(Recent, KnowsWhatWasPutLastAndNothingThatWasErased) {
  Recent<int, int> recent(2);
  for (int const key : {1, 2, 3}) recent.put(key, key);  // the first two are old now
  recent.put(1, 10);
  EXPECT_EQ(*recent.find(1), 10);
  recent.put(4, 4);  // and the new value of the first is
  EXPECT_EQ(*recent.find(1), 10);
  for (int const key : {1, 2, 3, 4}) recent.erase(key);
  for (int const key : {1, 2, 3, 4}) EXPECT_EQ(recent.find(key), nullptr) << key;
}

}  // namespace
}  // namespace kith
