#include "base/breaker.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

using std::chrono::milliseconds;

struct Opened {
  Breaker breaker = {};
  Breaker::Instant now{};

  Opened() {
    for (int i = 0; i < Breaker::failures_max; ++i) {
      EXPECT_TRUE(breaker.allows(now));
      breaker.failed(now);
    }
  }
  // It lets one through no later than that from now on, and then nobody else.
  void expect_one_within(Breaker::Pause pause) {
    now += pause;
    EXPECT_TRUE(breaker.allows(now));
    EXPECT_FALSE(breaker.allows(now));
  }
};

TEST(Breaker, RefusesAfterFailuresInARowUntilAPauseIsOver) {
  Opened opened;
  EXPECT_TRUE(opened.breaker.open());
  EXPECT_FALSE(opened.breaker.allows(opened.now));
  opened.expect_one_within(Breaker::pause_first);
  opened.breaker.succeeded();
  EXPECT_FALSE(opened.breaker.open());
  EXPECT_TRUE(opened.breaker.allows(opened.now));
}

TEST(Breaker, OneAnswerBetweenFailuresKeepsItClosed) {
  Breaker breaker;
  for (int i = 0; i < 10 * Breaker::failures_max; ++i) {
    if (i % (Breaker::failures_max - 1) == 0) breaker.succeeded();
    breaker.failed({});
    EXPECT_FALSE(breaker.open());
  }
}

TEST(Breaker, PausesGetLongerWithEachTryThatFails) {
  Opened opened;
  Breaker::Pause pause = Breaker::pause_first;
  for (int i = 0; i < 10; ++i) {
    opened.expect_one_within(pause);
    opened.breaker.failed(opened.now);
    pause = std::min(pause * 2, Breaker::pause_max);
    EXPECT_FALSE(opened.breaker.allows(opened.now + pause / 2 - milliseconds{1}));
  }
}

TEST(Breaker, WhatWasUnderWayWhenItOpenedIsOneReasonForAPause) {
  Opened opened;
  for (int i = 0; i < 100; ++i) opened.breaker.failed(opened.now);
  opened.expect_one_within(Breaker::pause_first);
}

}  // namespace
}  // namespace kith
