// What log.h promises, for every engine.

#include "ports/log/contract.h"

#include <gmock/gmock.h>

#include "base/trace.h"

namespace kith::contract {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using LogContract = LogTest;

constexpr Duration hour = std::chrono::hours{1};

TEST_P(LogContract, EventReachesEveryGroupThatFollowsItsKind) {
  Reader feeds, search, other;
  subscribe(feeds, "feeds", {{"PostMade"}, {"PostGone"}});
  subscribe(search, "search", {{"PostMade"}});
  subscribe(other, "other", {{"VoteCast"}});
  engine->start();
  EventId const made = append(event("PostMade", "which post")), gone = append(event("PostGone"));
  caught_up("feeds");
  caught_up("search");
  caught_up("other");
  EXPECT_TRUE(feeds.saw(made) && feeds.saw(gone) && search.saw(made));
  EXPECT_FALSE(search.saw(gone));
  EXPECT_THAT(other.seen, IsEmpty());
  EXPECT_EQ(search.seen[0].kind, "PostMade");
  EXPECT_EQ(search.seen[0].key, "7");
  EXPECT_EQ(search.seen[0].body, "which post");
}

TEST_P(LogContract, EventKeepsTheTraceItWasEmittedUnderAndMayHaveNone) {
  Reader before, after;
  subscribe(before, "feeds", {{"PostMade"}});
  engine->start();
  Event traced = event("PostMade");
  traced.trace = {0xF000000000000001, 0x8000000000000002};
  traced.span = 0xE000000000000003;
  EventId const with = append(traced), without = append(event("PostMade"));
  caught_up("feeds");
  reopen();
  subscribe(after, "search", {{"PostMade"}});
  engine->start();
  caught_up("search");
  for (Reader const* reader : {&before, &after}) {
    auto const first = std::ranges::find(reader->seen, with, &Reader::Seen::id);
    auto const second = std::ranges::find(reader->seen, without, &Reader::Seen::id);
    ASSERT_TRUE(first != reader->seen.end() && second != reader->seen.end());
    EXPECT_EQ(first->trace, traced.trace);
    EXPECT_EQ(first->span, traced.span);
    EXPECT_EQ(second->trace, TraceId{});
    EXPECT_EQ(second->span, 0u);
  }
}

TEST_P(LogContract, HandledEventDoesNotComeAgain) {
  Reader reader;
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  EventId const id = append(event("PostMade"));
  caught_up("feeds");
  time.advance(hour);
  EXPECT_EQ(reader.times(id), 1u);
  reopen();
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  caught_up("feeds");
  EXPECT_EQ(reader.times(id), 1u);
}

TEST_P(LogContract, EventAppendedBeforeTheStartIsDelivered) {
  EventId const id = append(event("PostMade"));
  reopen();
  Reader reader;
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  caught_up("feeds");
  EXPECT_TRUE(reader.saw(id));
}

TEST_P(LogContract, FailedEventIsTriedAgainWithGrowingPauses) {
  Reader reader{.failures = 3};
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  EventId const id = append(event("PostMade"));
  caught_up("feeds");
  ASSERT_EQ(reader.times(id), 4u);
  for (std::size_t i = 2; i < 4; ++i)
    EXPECT_GT(reader.seen[i].at - reader.seen[i - 1].at, reader.seen[i - 1].at - reader.seen[i - 2].at);
  EXPECT_EQ(lag_of("feeds").waiting, 0u);
  EXPECT_EQ(lag_of("feeds").set_aside, 0u);
}

TEST_P(LogContract, PoisonIsSetAsideVisiblyAndBlocksNobody) {
  Reader reader{.poison = "poison"}, other;
  subscribe(reader, "feeds", {{"PostMade"}});
  subscribe(other, "search", {{"PostMade"}});
  engine->start();
  EventId const poison = append(event("PostMade", "poison")), good = append(event("PostMade", "good"));
  caught_up("feeds");
  EXPECT_TRUE(reader.saw(good));
  EXPECT_EQ(reader.times(poison), attempts_max);
  caught_up("search");
  EXPECT_TRUE(other.saw(poison));
  auto const aside = run(log().set_aside("feeds", 10));
  ASSERT_THAT(aside, SizeIs(1));
  EXPECT_EQ(aside[0].group, "feeds");
  EXPECT_EQ(aside[0].event.id, poison);
  EXPECT_EQ(aside[0].event.body, "poison");
  EXPECT_EQ(aside[0].attempts, attempts_max);
  EXPECT_NE(aside[0].failure.find("Poisoned"), std::string::npos);
  EXPECT_EQ(lag_of("feeds").set_aside, 1u);
  EXPECT_EQ(lag_of("feeds").waiting, 0u);
  EXPECT_THAT(run(log().set_aside("search", 10)), IsEmpty());
  EXPECT_THAT(run(log().set_aside("feeds", 0)), IsEmpty());
  EventId const next = append(event("PostMade", "next"));
  caught_up("feeds");
  EXPECT_TRUE(reader.saw(next));
}

TEST_P(LogContract, SetAsideEventIsRetriedOnRequestAlsoAfterARestart) {
  Reader reader{.failures = -1};
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  EventId const id = append(event("PostMade"));
  caught_up("feeds");
  ASSERT_EQ(lag_of("feeds").set_aside, 1u);
  reopen();
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  EXPECT_EQ(lag_of("feeds").set_aside, 1u);
  reader.failures = 0;
  run(log().retry("feeds", id));
  caught_up("feeds");
  EXPECT_EQ(reader.times(id), attempts_max + 1);
  EXPECT_EQ(lag_of("feeds").set_aside, 0u);
  EXPECT_THAT(run(log().set_aside("feeds", 10)), IsEmpty());
}

TEST_P(LogContract, SetAsideEventIsTriedOnceAnHourByItself) {
  Reader reader{.failures = static_cast<int>(attempts_max)};
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  EventId const id = append(event("PostMade"));
  caught_up("feeds");
  ASSERT_EQ(lag_of("feeds").set_aside, 1u);
  time.advance(hour / 2);
  EXPECT_EQ(reader.times(id), attempts_max);
  time.advance(hour);
  caught_up("feeds");
  EXPECT_EQ(reader.times(id), attempts_max + 1);
  EXPECT_EQ(lag_of("feeds").set_aside, 0u);
}

TEST_P(LogContract, DueEventIsNeverEarly) {
  Reader reader;
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  Time const due = time.now() + hour;
  EventId const id = append(event("PostMade", "later", due));
  caught_up("feeds");
  EXPECT_EQ(lag_of("feeds").waiting, 0u);
  // Not a whole hour: while an engine with threads worked, time has moved a little.
  time.advance(due - time.now() - std::chrono::seconds{1});
  EXPECT_FALSE(reader.saw(id));
  time.set_back(hour / 2);
  time.advance(hour / 4);
  EXPECT_FALSE(reader.saw(id));
  time.advance(hour / 4 + std::chrono::seconds{1});
  caught_up("feeds");
  time.advance(std::chrono::minutes{1});
  ASSERT_EQ(reader.times(id), 1u);
  EXPECT_GE(reader.seen[0].at, due);
}

TEST_P(LogContract, DueEventComesAfterARestartToo) {
  EventId const later = append(event("PostMade", "later", time.now() + hour));
  EventId const now = append(event("PostMade", "past", time.now() - hour));
  reopen();
  Reader reader;
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  caught_up("feeds");
  EXPECT_TRUE(reader.saw(now));
  EXPECT_FALSE(reader.saw(later));
  time.advance(hour);
  caught_up("feeds");
  time.advance(std::chrono::minutes{1});
  EXPECT_TRUE(reader.saw(later));
}

TEST_P(LogContract, UnknownKindsAndNewerSchemasWaitForAGroupThatKnowsThem) {
  Reader old;
  subscribe(old, "feeds", {{"PostMade", 1}});
  engine->start();
  Event newer = event("PostMade");
  newer.schema = 2;
  EventId const made = append(newer), unknown = append(event("PostPinned"));
  caught_up("feeds");
  EXPECT_THAT(old.seen, IsEmpty());
  reopen();
  Reader upgraded;
  subscribe(upgraded, "feeds", {{"PostMade", 2}, {"PostPinned", 1}});
  engine->start();
  caught_up("feeds");
  EXPECT_TRUE(upgraded.saw(made));
  EXPECT_TRUE(upgraded.saw(unknown));
}

TEST_P(LogContract, EchoHoldsDeliveryBackAndAnAcknowledgementEndsIt) {
  Reader reader, slow;
  subscribe(reader, "ties", {{"PairChanged", 1, true}});
  subscribe(slow, "feeds", {{"PairChanged", 1, false}});
  engine->start();
  EventId const id = append(event("PairChanged"));
  run(log().acknowledge("ties", id));
  caught_up("ties");
  caught_up("feeds");
  time.advance(std::chrono::minutes{1});
  EXPECT_EQ(reader.times(id), 0u) << "the request handled it itself";
  EXPECT_EQ(slow.times(id), 1u) << "another group's acknowledgement is not mine";
  reopen();
  subscribe(reader, "ties", {{"PairChanged", 1, true}});
  engine->start();
  caught_up("ties");
  EXPECT_EQ(reader.times(id), 0u);
}

TEST_P(LogContract, LostEchoComesByTheLog) {
  Reader reader;
  subscribe(reader, "ties", {{"PairChanged", 1, true}});
  engine->start();
  EventId const id = append(event("PairChanged"));
  caught_up("ties");
  EXPECT_EQ(reader.times(id), 1u);
}

TEST_P(LogContract, SlowHandlerHoldsUpNeitherOthersNorItsOwnNextEvents) {
  Reader slow{.takes = std::chrono::minutes{1}}, quick;
  subscribe(slow, "search", {{"PostMade"}});
  subscribe(quick, "feeds", {{"PostMade"}});
  engine->start();
  EventId const first = append(event("PostMade")), second = append(event("PostMade"));
  Time const begin = time.now();
  caught_up("feeds");
  EXPECT_TRUE(quick.saw(first) && quick.saw(second));
  EXPECT_LT(time.now() - begin, std::chrono::seconds{30});
  caught_up("search");
  EXPECT_TRUE(slow.saw(first) && slow.saw(second));
}

TEST_P(LogContract, ReplayDeliversAgainWhatWasAppendedSince) {
  Reader reader, other;
  subscribe(reader, "feeds", {{"PostMade"}});
  subscribe(other, "search", {{"PostMade"}});
  engine->start();
  EventId const before = append(event("PostMade"));
  caught_up("feeds");
  time.advance(hour);
  Time const since = time.now();
  EventId const after = append(event("PostMade"));
  caught_up("feeds");
  run(log().replay("feeds", since));
  caught_up("feeds");
  EXPECT_EQ(reader.times(before), 1u);
  EXPECT_EQ(reader.times(after), 2u);
  caught_up("search");
  EXPECT_EQ(other.times(after), 1u);
}

TEST_P(LogContract, LagCountsWhatIsDueAndNotHandled) {
  Reader reader{.failures = -1};
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  Time const begin = time.now();
  append(event("PostMade"));
  append(event("PostMade"));
  append(event("PostMade", "later", time.now() + hour));
  append(event("VoteCast"));
  Lag const lag = lag_of("feeds");
  EXPECT_EQ(lag.waiting, 2u);
  EXPECT_GE(lag.oldest, begin);
  EXPECT_LE(lag.oldest, time.now());
  reader.failures = 0;
  caught_up("feeds");
  EXPECT_EQ(lag_of("feeds").waiting, 0u);
}

TEST_P(LogContract, CaughtUpWaitsForAllThatWasAppendedBefore) {
  Reader reader{.failures = 5, .takes = std::chrono::milliseconds{3}};
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  std::vector<EventId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(append(event("PostMade", std::to_string(i))));
  caught_up("feeds");
  for (EventId const id : ids) EXPECT_TRUE(reader.saw(id));
  EXPECT_EQ(lag_of("feeds").waiting, 0u);
}

TEST_P(LogContract, UnfinishedEventComesAgainAfterARestart) {
  Reader reader{.failures = -1};
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  EventId const id = append(event("PostMade"));
  time.advance(std::chrono::seconds{1});
  reopen();
  Reader next;
  subscribe(next, "feeds", {{"PostMade"}});
  engine->start();
  caught_up("feeds");
  EXPECT_TRUE(next.saw(id));
}

TEST_P(LogContract, LargestEventFitsAndOneByteMoreIsRefused) {
  Reader reader;
  subscribe(reader, "feeds", {{"PostMade"}});
  engine->start();
  Event large = event("PostMade");
  large.body.assign(event_bytes_max - large.kind.size() - large.key.size(), '\xC3');
  EventId const id = append(large);
  caught_up("feeds");
  ASSERT_TRUE(reader.saw(id));
  EXPECT_EQ(reader.seen[0].body, large.body);
  large.id = EventId{++events};
  large.body += 'x';
  EXPECT_EQ(refused(log().append({large})), Code::invalid);
}

INSTANTIATE_TEST_SUITE_P(Engines, LogContract, testing::ValuesIn(log_engines()), name_of_engine);

}  // namespace
}  // namespace kith::contract
