#include "ports/rpc/observed.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/kept_spans_for_tests.h"
#include "base/run.h"
#include "base/traced.h"
#include "ports/rpc/rpc_test_world.h"

namespace kith::sample {
namespace {

// A service behind a channel, watched at both ends.
struct World {
  World() {
    serve(service, methods);
    observe(methods, metrics, &kept);
  }
  Metrics metrics;
  KeptSpans kept;
  Sample service;
  Methods methods;
  Loopback loopback{methods};
  ObservedChannel channel{loopback, metrics};
  RemoteSample remote{channel};
};

Task<void> request(World& world, Code& refusal, Code second_fails = Code::not_found) {
  Span const span(&world.kept, {{1, 2}, 3, true}, SpanKind::server, "request");
  Task<void> first = world.remote.touch({});
  co_await under(span, std::move(first));
  try {
    Task<Tree> second = world.remote.get_many({}, {.polls = {PollId{static_cast<std::uint64_t>(second_fails)}}});
    co_await under(span, std::move(second));
  } catch (Error const& error) {
    refusal = error.code;
  }
}

TEST(Observed, ACallIsASpanAtBothEndsAndCountedThere) {
  World world;
  Code refusal = Code::internal;
  run(request(world, refusal));
  EXPECT_EQ(refusal, Code::not_found);
  auto const& spans = world.kept.spans;
  ASSERT_EQ(spans.size(), 5u);
  for (std::size_t first : {0u, 2u}) {
    FinishedSpan const& answered = spans[first];
    FinishedSpan const& asked = spans[first + 1];
    EXPECT_EQ(answered.kind, SpanKind::server);
    EXPECT_EQ(asked.kind, SpanKind::client);
    EXPECT_EQ(answered.name, asked.name);
    EXPECT_EQ(answered.parent, asked.id);
    EXPECT_EQ(asked.parent, spans[4].id);
    EXPECT_EQ(answered.trace, (TraceId{1, 2}));
    EXPECT_EQ(asked.failure, "");
  }
  EXPECT_EQ(world.service.last().trace, (TraceId{1, 2}));
  EXPECT_EQ(world.service.last().span, spans[0].id);
  auto const text = world.metrics.text();
  for (char const* side : {"client", "server"}) {
    std::string const of = "\",side=\"" + std::string(side) + "\"} 1\n";
    EXPECT_NE(text.find("kith_rpc_total{method=\"" + spans[0].name + "\",outcome=\"ok" + of), std::string::npos)
        << text;
    EXPECT_NE(text.find("kith_rpc_total{method=\"" + spans[2].name + "\",outcome=\"refused" + of), std::string::npos)
        << text;
    EXPECT_NE(text.find("kith_rpc_seconds_count{method=\"" + spans[2].name + of), std::string::npos) << text;
  }
}

TEST(Observed, WhatIsNotSampledHasNoSpans) {
  World world;
  run(world.remote.touch({.trace = {1, 2}, .span = 3}));
  EXPECT_TRUE(world.kept.spans.empty());
  EXPECT_EQ(world.service.last().trace, (TraceId{1, 2}));
  EXPECT_FALSE(world.service.last().sampled);
}

TEST(Observed, WhatFailsOnOurSideIsLoggedWithTheWordsOfEnginesAndItsTrace) {
  World world;
  testing::internal::CaptureStderr();
  Code refusal = Code::not_found;
  run(request(world, refusal, Code::internal));
  EXPECT_EQ(refusal, Code::internal);
  run(request(world, refusal, Code::not_found));  // the caller's doing
  EXPECT_THROW(run(world.remote.get_many({}, {.polls = {PollId{100}}})), std::exception);
  auto const logged = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(logged, '\n'), 2) << logged;
  EXPECT_NE(logged.find("\"method\":\"kith.sample.Sample/GetMany\""), std::string::npos) << logged;
  EXPECT_NE(logged.find("an engine's own words"), std::string::npos) << logged;
  EXPECT_NE(logged.find("\"detail\":\"row 7\""), std::string::npos) << logged;
  EXPECT_NE(logged.find("\"trace\":\"00000000000000010000000000000002\""), std::string::npos) << logged;
}

}  // namespace
}  // namespace kith::sample
