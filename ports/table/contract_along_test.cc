// What strict.h promises of changes that go along with a commit: made with it, or left to those who follow.

#include <gtest/gtest.h>

#include "base/run.h"
#include "ports/table/contract.h"

namespace kith::contract {
namespace {

class StrictAlong : public EngineTest {
 protected:
  // A thing of the first owner, and with it one of the second that is counted there.
  Commit vote(std::string name) {
    Commit change = commit();
    change.puts.push_back({thing(1, name), text_value("decides")});
    Commit& derived = change.along.emplace_back();
    derived.operation = change.operation;
    derived.checks.push_back({thing(2, name), std::nullopt});
    derived.puts.push_back({thing(2, name), text_value("follows")});
    derived.adds.push_back({tally(2, 1), yes_field, 1});
    return change;
  }
};

TEST_P(StrictAlong, IsMadeWithTheCommitOrNotAtAll) {
  Outcome const outcome = run(strict().commit(vote("a")));
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(read(thing(1, "a")), text_value("decides"));
  EXPECT_EQ(read(thing(2, "a")), outcome.along ? text_value("follows") : "missing");
  EXPECT_EQ(read(tally(2, 1)), outcome.along ? tally_value(1, 0) : "missing");
  reopen();
  EXPECT_EQ(read(thing(2, "a")), outcome.along ? text_value("follows") : "missing");
}

TEST_P(StrictAlong, IsJudgedByItsOwnChecks) {
  put(thing(2, "a"), "there");
  Outcome const outcome = run(strict().commit(vote("a")));
  EXPECT_TRUE(outcome.done) << "what follows never hinders what decides";
  EXPECT_FALSE(outcome.along);
  EXPECT_EQ(read(thing(1, "a")), text_value("decides"));
  EXPECT_EQ(read(thing(2, "a")), text_value("there"));
  EXPECT_EQ(read(tally(2, 1)), "missing");
}

TEST_P(StrictAlong, IsNotMadeWhenTheCommitIsRefused) {
  Commit change = vote("a");
  change.checks.push_back({thing(1, "a"), Version{7}});
  EXPECT_FALSE(run(strict().commit(std::move(change))).done);
  EXPECT_EQ(read(thing(2, "a")), "missing");
}

TEST_P(StrictAlong, IsNotMadeTwiceByARepeat) {
  Commit const change = vote("a");
  bool const along = run(strict().commit(change)).along;
  EXPECT_TRUE(run(strict().commit(change)).done);
  EXPECT_EQ(read(tally(2, 1)), along ? tally_value(1, 0) : "missing");
}

TEST_P(StrictAlong, EachOfSeveralStandsForItself) {
  put(thing(2, "a"), "there");
  Commit change = vote("a");
  Commit& other = change.along.emplace_back();
  other.operation = change.operation;
  other.puts.push_back({thing(3, "a"), text_value("follows")});
  Outcome const outcome = run(strict().commit(std::move(change)));
  EXPECT_FALSE(outcome.along) << "not all of them";
  EXPECT_EQ(read(thing(2, "a")), text_value("there"));
}

TEST_P(StrictAlong, LimitsAreKept) {
  Commit change = vote("a");
  change.along.front().puts.push_back({thing(2, "b"), std::string(row_bytes_max + 1, 'x')});
  EXPECT_EQ(refused(strict().commit(std::move(change))), Code::invalid);
}

INSTANTIATE_TEST_SUITE_P(Engines, StrictAlong, testing::ValuesIn(engines()), name_of_engine);

}  // namespace
}  // namespace kith::contract
