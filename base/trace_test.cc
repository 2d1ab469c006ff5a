#include "base/trace.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/all.h"
#include "base/kept_spans_for_tests.h"
#include "base/observed.h"
#include "base/run.h"
#include "base/traced.h"
#include "base/workers.h"

namespace kith {
namespace {

using namespace std::chrono_literals;

TraceParent const sampled{{1, 2}, 3, true};
constexpr char const* header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Traceparent, IsReadAndWrittenAsTheStandardSays) {
  auto const parent = parse_traceparent(header);
  ASSERT_TRUE(parent);
  EXPECT_EQ(*parent, (TraceParent{{0x0af7651916cd43dd, 0x8448eb211c80319c}, 0xb7ad6b7169203331, true}));
  EXPECT_EQ(traceparent(*parent), header);
  EXPECT_FALSE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")->sampled);
  // Flags that are not yet invented, and versions that say more.
  EXPECT_TRUE(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03")->sampled);
  EXPECT_EQ(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later"), parent);
}

TEST(Traceparent, WhatIsNotOfItsFormIsNothing) {
  for (char const* text : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
           "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01",
           "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
       })
    EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(Spans, AreNoneWithoutATracerOrForWhatIsNotSampled) {
  KeptSpans kept;
  EXPECT_FALSE(Span(nullptr, sampled, SpanKind::server, "GET /"));
  EXPECT_FALSE(Span(&kept, {{1, 2}, 3, false}, SpanKind::server, "GET /"));
  EXPECT_FALSE(Span::child(SpanKind::client, "commit"));
  EXPECT_TRUE(kept.spans.empty());
}

TEST(Spans, OneInSoManyTracesIsSampled) {
  struct Some final : Tracer {
    Some() : Tracer(10) {}
    void finished(FinishedSpan) noexcept override {}
  } const some;
  int yes = 0;
  for (int i = 0; i < 10'000; ++i) yes += some.samples() ? 1 : 0;
  EXPECT_GT(yes, 700);
  EXPECT_LT(yes, 1'300);
}

Task<void> child(char const* name) {
  Span const span = Span::child(SpanKind::internal, name);
  co_return;
}

Task<void> wait() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1ms);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

// Waits in every way that there is.
Task<int> work(Workers& workers) {
  co_await child("at once");
  co_await wait();
  co_await child("after a timer");
  co_await workers.run([] {});
  co_await child("after a worker");
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
  co_await child("after a hop");
  std::vector<Task<void>> both;
  both.push_back(child("side by side"));
  both.push_back(wait());
  co_await all(std::move(both));
  co_await child("after all");
  co_return 7;
}

Task<void> request(Tracer& tracer, Workers& workers, TraceHere const*& afterwards, int& result) {
  Span span(&tracer, sampled, SpanKind::server, "GET /");
  result = co_await under(span, work(workers));
  afterwards = Span::here;
  span.end();
}

TEST(Spans, OfAllThatATaskDoesHangUnderItsSpan) {
  KeptSpans kept;
  Workers workers(1);
  TraceHere const* afterwards = nullptr;
  int result = 0;
  run(request(kept, workers, afterwards, result));
  EXPECT_EQ(result, 7);
  EXPECT_EQ(afterwards, nullptr);
  EXPECT_EQ(Span::here, nullptr);
  ASSERT_EQ(kept.spans.size(), 7u);
  FinishedSpan const& root = kept.spans.back();
  EXPECT_EQ(root.name, "GET /");
  EXPECT_EQ(root.parent, sampled.span);
  for (FinishedSpan const& span : kept.spans) {
    EXPECT_EQ(span.trace, sampled.trace) << span.name;
    if (&span != &root) EXPECT_EQ(span.parent, root.id) << span.name;
    EXPECT_LE(root.began, span.began + 1ms) << span.name;
  }
}

Task<void> stranger(std::vector<TraceHere const*>& seen, int times) {
  for (int i = 0; i < times; ++i) {
    seen.push_back(Span::here);
    co_await wait();
  }
}

Task<void> beside(KeptSpans& kept, Workers& workers, std::vector<TraceHere const*>& seen) {
  TraceHere const* afterwards = nullptr;
  int result = 0;
  std::vector<Task<void>> both;
  both.push_back(request(kept, workers, afterwards, result));
  both.push_back(stranger(seen, 20));
  co_await all(std::move(both));
}

TEST(Spans, OfOneTaskAreNotThoseOfAnotherOnTheSameLoop) {
  KeptSpans kept;
  Workers workers(1);
  std::vector<TraceHere const*> seen;
  run(beside(kept, workers, seen));
  EXPECT_EQ(seen, std::vector<TraceHere const*>(20, nullptr));
  EXPECT_EQ(kept.spans.size(), 7u);
}

Task<void> refuse(Code code) {
  co_await child("before");
  throw Error{code, "No", "why not"};
}

Task<void> inner(Tracer& tracer) {
  Span span(&tracer, {Span::here->trace, 99, true}, SpanKind::consumer, "inner");
  co_await under(span, child("of the inner one"));
  co_await child("of the outer one");
}

Task<void> nested(Tracer& tracer) {
  Span span(&tracer, sampled, SpanKind::server, "outer");
  co_await under(span, inner(tracer));
}

TEST(Spans, WithinAnotherEndWhereTheyBegan) {
  KeptSpans kept;
  run(nested(kept));
  ASSERT_EQ(kept.spans.size(), 4u);
  EXPECT_EQ(kept.spans[0].name, "of the inner one");
  EXPECT_EQ(kept.spans[1].name, "of the outer one");
  EXPECT_EQ(kept.spans[2].name, "inner");
  EXPECT_EQ(kept.spans[0].parent, kept.spans[2].id);
  EXPECT_EQ(kept.spans[1].parent, kept.spans[3].id);
  EXPECT_EQ(kept.spans[2].parent, 99u);
}

Task<Code> code_of(Task<void> task) {
  try {
    co_await std::move(task);
  } catch (Error const& error) {
    co_return error.code;
  }
  co_return Code::exhausted;
}

Task<Code> watched(CallNumbers const& numbers, Tracer& tracer, Code code) {
  Span span(&tracer, sampled, SpanKind::server, "call");
  Task<void> call = under(span, refuse(code));
  co_return co_await code_of(observed(&numbers, std::move(span), std::move(call)));
}

TEST(Observed, CallsAreCountedByHowTheyEndAndTheirErrorsGoOn) {
  KeptSpans kept;
  Metrics metrics;
  CallNumbers const numbers(metrics, "call", "Calls", {{"verb", "ask"}});
  EXPECT_EQ(run(watched(numbers, kept, Code::not_found)), Code::not_found);
  EXPECT_EQ(run(watched(numbers, kept, Code::unknown)), Code::unknown);
  run(observed(&numbers, {}, child("nobody's")));

  auto const text = metrics.text();
  EXPECT_NE(text.find("call_total{outcome=\"ok\",verb=\"ask\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("call_total{outcome=\"refused\",verb=\"ask\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("call_total{outcome=\"failed\",verb=\"ask\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("call_seconds_count{verb=\"ask\"} 3\n"), std::string::npos) << text;
  ASSERT_EQ(kept.spans.size(), 4u);
  EXPECT_EQ(kept.spans[0].parent, kept.spans[1].id);
  EXPECT_EQ(kept.spans[1].failure, "");  // a refusal is no failure of ours
  EXPECT_EQ(kept.spans[3].failure, "why not");
}

}  // namespace
}  // namespace kith
