#include "ports/log/dispatch.h"

#include <gmock/gmock.h>

#include <vector>

#include "base/error.h"
#include "base/kept_spans_for_tests.h"
#include "ports/clock/ids.h"
#include "ports/clock/virtual_time.h"
#include "ports/log/caught_up.h"
#include "ports/log/memory.h"

namespace kith {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DispatchTest : public testing::Test {
 protected:
  ~DispatchTest() override {
    log.stop();
    time.forget();
  }

  void follow(std::string group, std::string kind, bool echo, Duration takes = {}, bool fails = false) {
    dispatch.add({group, kind, 1, echo,
                  [this, group, takes, fails](Event event) { return handle(group, std::move(event), takes, fails); }});
  }
  void start() {
    dispatch.connect(log);
    log.start(time.executor());
  }
  // What a commit does: the events are in the log, then they are echoed.
  void emit(std::vector<Event> events) {
    log.append_now(events);
    time.run(dispatch.echo(std::move(events)));
  }
  Task<void> go_on(Event done) {
    co_await time.sleep(std::chrono::milliseconds{5});
    log.append_now({event(done.id.value + 1, "FanoutContinued")});
  }
  static Event event(std::uint64_t id, std::string kind, Time due = no_time) {
    return {.id = EventId{id}, .kind = std::move(kind), .due = due};
  }

  VirtualTime time;
  MemoryLogStore store;
  MemoryLog log{{time, store}};
  Dispatch dispatch{time};
  std::vector<std::string> began, ended;

 private:
  Task<void> handle(std::string group, Event event, Duration takes, bool fails) {
    std::string const name = group + ' ' + event.kind + ' ' + to_string(event.id);
    began.push_back(name);
    if (takes != Duration::zero()) co_await time.sleep(takes);
    if (fails) throw Error{Code::unavailable, "Not now"};
    ended.push_back(name);
  }
};

constexpr Duration ms(int count) { return std::chrono::milliseconds{count}; }

TEST_F(DispatchTest, HandlersRunAsSpansOfTheTraceThatEmittedTheirEvents) {
  Metrics metrics;
  KeptSpans kept;
  follow("feeds", "PairChanged", true);
  follow("search", "PairChanged", false, ms(5));
  follow("failing", "PairChanged", true, {}, true);
  dispatch.observe(metrics, &kept);
  start();
  Event traced = event(first_id_at(time.now()) + 1, "PairChanged"),
        untraced = event(first_id_at(time.now()) + 2, "PairChanged");
  traced.trace = {1, 2};
  traced.span = 3;
  emit({traced, untraced});
  EXPECT_EQ(kept.spans.size(), 2u);
  time.advance(ms(600));
  ASSERT_GE(kept.spans.size(), 3u);
  std::vector<std::string> names;
  for (FinishedSpan const& span : kept.spans) {
    names.push_back(span.name);
    EXPECT_EQ(span.trace, (TraceId{1, 2}));
    EXPECT_EQ(span.parent, 3u);
    EXPECT_EQ(span.failure.empty(), span.name != "failing PairChanged");
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"feeds PairChanged", "search PairChanged", "failing PairChanged"}));
  auto const text = metrics.text();
  EXPECT_NE(text.find("kith_event_handlers_total{group=\"feeds\",outcome=\"ok\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kith_event_lag_seconds_count{group=\"search\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kith_event_lag_seconds_bucket{group=\"search\",le=\"0.001\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("kith_event_lag_seconds_count{group=\"failing\"} 0\n"), std::string::npos) << text;
}

TEST_F(DispatchTest, EchoRunsItsHandlersSideBySideAndWaitsForThem) {
  follow("ties", "PairChanged", true, ms(100));
  follow("lists", "PairChanged", true, ms(60));
  follow("search", "PairChanged", false);
  start();
  emit({event(1, "PairChanged"), event(2, "PostMade")});
  EXPECT_THAT(began, ElementsAre("ties PairChanged 1", "lists PairChanged 1", "search PairChanged 1"));
  EXPECT_EQ(ended.size(), 3u);
  EXPECT_EQ(time.monotonic(), ms(100));
}

TEST_F(DispatchTest, WhatEchoHandledDoesNotComeByTheLog) {
  follow("ties", "PairChanged", true);
  start();
  emit({event(1, "PairChanged")});
  time.run(log.caught_up("ties"));
  time.advance(std::chrono::minutes{1});
  EXPECT_EQ(ended.size(), 1u);
}

// A group that was looked at before is given something to do by one that is looked at later.
TEST_F(DispatchTest, CaughtUpIsWhatFollowsFromEventsToo) {
  follow("feeds", "FanoutContinued", false);
  dispatch.add({"posts", "PostMade", 1, false, [this](Event event) { return go_on(std::move(event)); }});
  start();
  log.append_now({event(1, "PostMade")});
  time.run(caught_up(log));
  EXPECT_THAT(ended, ElementsAre("feeds FanoutContinued 2"));
}

TEST_F(DispatchTest, AnswerWaitsNoLongerThanAQuarterSecondAndTheLateOneIsStillAcknowledged) {
  follow("ties", "PairChanged", true, ms(300));
  follow("quick", "PairChanged", true, ms(1));
  start();
  emit({event(1, "PairChanged")});
  EXPECT_EQ(time.monotonic(), ms(250));
  EXPECT_THAT(ended, ElementsAre("quick PairChanged 1"));
  time.advance(std::chrono::minutes{1});
  EXPECT_THAT(ended, ElementsAre("quick PairChanged 1", "ties PairChanged 1"));
}

TEST_F(DispatchTest, WhatFailsIsNotThrownAndComesByTheLog) {
  follow("ties", "PairChanged", true, ms(1), true);
  follow("lists", "PairChanged", true, ms(2));
  start();
  emit({event(1, "PairChanged")});
  EXPECT_THAT(ended, ElementsAre("lists PairChanged 1"));
  began.clear();
  time.advance(std::chrono::seconds{1});
  EXPECT_THAT(began, testing::Contains("ties PairChanged 1"));
  EXPECT_THAT(began, testing::Not(testing::Contains("lists PairChanged 1")));
}

TEST_F(DispatchTest, TheLogsDeliveryComesAfterALateEchoThatMayHaveToBeMended) {
  std::vector<Duration> began_at;
  dispatch.add({"ties", "PairChanged", 1, true, [&](Event) -> Task<void> {
                  began_at.push_back(time.monotonic());
                  if (began_at.size() > 1) co_return;
                  co_await time.sleep(ms(2'000));
                  throw Error{Code::unavailable, "Not now"};
                }});
  start();
  emit({event(1, "PairChanged")});
  time.advance(std::chrono::minutes{1});
  ASSERT_GE(began_at.size(), 2u);
  EXPECT_GE(began_at[1], ms(2'000));
}

TEST_F(DispatchTest, DueEventsAreNotEchoed) {
  follow("posts", "DraftDue", true);
  start();
  emit({event(1, "DraftDue", time.now() + std::chrono::hours{1})});
  EXPECT_THAT(began, IsEmpty());
  time.advance(std::chrono::hours{1});
  EXPECT_THAT(ended, ElementsAre("posts DraftDue 1"));
}

TEST_F(DispatchTest, NewerSchemaWaitsForTheUpgrade) {
  follow("ties", "PairChanged", true);
  start();
  Event newer = event(1, "PairChanged");
  newer.schema = 2;
  emit({newer});
  time.advance(std::chrono::minutes{1});
  EXPECT_THAT(began, IsEmpty());
}

TEST_F(DispatchTest, AGroupGetsEachOfItsKindsByItsOwnHandler) {
  follow("feeds", "PostMade", false);
  follow("feeds", "PairChanged", false);
  start();
  emit({event(1, "PairChanged"), event(2, "PostMade")});
  time.run(log.caught_up("feeds"));
  EXPECT_THAT(ended, testing::UnorderedElementsAre("feeds PairChanged 1", "feeds PostMade 2"));
}

TEST_F(DispatchTest, EchoWithoutALogAndWithoutFollowersReturns) {
  time.run(dispatch.echo({event(1, "PairChanged")}));
  follow("ties", "PairChanged", true);
  time.run(dispatch.echo({event(1, "PairChanged")}));
  EXPECT_EQ(ended.size(), 1u);
}

TEST_F(DispatchTest, StoppedServerDropsWhatItWaitsFor) {
  follow("ties", "PairChanged", true, ms(100));
  start();
  time.spawn(dispatch.echo({event(1, "PairChanged")}));
  time.settle();
  EXPECT_EQ(began.size(), 1u);
  log.stop();
  time.forget();
  time.advance(std::chrono::minutes{1});
  EXPECT_THAT(ended, IsEmpty());
}

}  // namespace
}  // namespace kith
