#include "gateway/http/limits.h"

#include <gtest/gtest.h>

#include "base/run.h"
#include "ports/cache/line_for_tests.h"
#include "ports/cache/memory.h"
#include "ports/clock/fake.h"

namespace kith {
namespace {

TEST(RateCounter, ForgetsTheSmallestWhenThereAreTooMany) {
  LocalRateCounter counter;
  Time const now{std::chrono::hours{1}};
  RateLimit const limit{300, std::chrono::minutes{5}};
  for (int i = 0; i < 100; ++i) counter.count(LimitClass::general, {RateSubject::Kind::token, 1}, limit, now);
  for (std::uint64_t i = 2; i < 500'000; ++i)
    counter.count(LimitClass::general, {RateSubject::Kind::token, i}, limit, now);
  EXPECT_EQ(counter.count(LimitClass::general, {RateSubject::Kind::token, 1}, limit, now).used, 101u);
}

// Gateways that share a cache, which can be taken away.
struct Gateways : testing::Test {
  std::uint32_t act(SharedRateCounter& gateway, LimitClass limit_class = LimitClass::general, std::uint64_t who = 1) {
    auto const kind = RateSubject::Kind::token;
    return run(gateway.add(limit_class, {kind, who}, limit_of(limit_class, kind), now)).used;
  }

  FakeClock time;
  MemoryCache memory{time, {}};
  CacheLine line{memory};
  SharedRateCounter one{line}, two{line};
  Time now{std::chrono::hours{1}};
};

TEST_F(Gateways, CountTogetherAndTellEachOtherNowAndThen) {
  std::uint32_t used = 0, allowed = 0;
  while (allowed < 1'000) {
    used = std::max(act(one), act(two));
    if (used > 300) break;
    allowed += 2;
  }
  EXPECT_GE(allowed, 300u - 2);
  EXPECT_LE(allowed, 300u + 2 * 15) << "one telling of each";
  EXPECT_LE(line.counts, 2 * 20 + 2);
  EXPECT_EQ(act(one, LimitClass::general, 2), 1u) << "somebody else";
  now += std::chrono::minutes{5};
  EXPECT_EQ(act(one), 1u) << "another window";
}

TEST_F(Gateways, TellSmallLimitsActByAct) {
  for (std::uint32_t i = 1; i <= 5; ++i) EXPECT_EQ(act(i % 2 == 0 ? one : two, LimitClass::sign_up), i);
  EXPECT_GT(act(one, LimitClass::sign_up), 5u);
  EXPECT_GT(act(two, LimitClass::sign_up), 5u);
}

TEST_F(Gateways, CountAloneWhileTheCacheIsAwayAndTogetherWhenItIsBack) {
  line.cut = true;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    EXPECT_EQ(act(one, LimitClass::sign_up), i);
    EXPECT_EQ(act(two, LimitClass::sign_up), i);
  }
  EXPECT_GT(act(one, LimitClass::sign_up), 5u);
  line.cut = false;
  EXPECT_EQ(act(one, LimitClass::log_in), 1u);
  EXPECT_EQ(act(two, LimitClass::log_in), 2u);
}

}  // namespace
}  // namespace kith
