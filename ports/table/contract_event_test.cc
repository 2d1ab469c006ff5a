// What strict.h promises of the events of commits and of what survives, for every engine.

#include <gmock/gmock.h>

#include "ports/log/contract.h"

namespace kith::contract {
namespace {

class CommitEvents : public LogTest {
 protected:
  Commit voting(std::uint64_t owner, std::string voter, Event event) {
    Commit change = commit();
    change.checks.push_back({thing(owner, voter), std::nullopt});
    change.puts.push_back({thing(owner, voter), text_value("yes")});
    change.adds.push_back({tally(owner, 1), yes_field, 1});
    change.events.push_back(std::move(event));
    return change;
  }
};

// Looks at the truth, as every handler does.
struct Witness {
  Strict& strict;
  int seen = 0;
  int early = 0;
};
Task<void> look(Witness& witness, Event event) {
  std::vector<RowKey> keys(1, thing(1, event.body));
  auto const rows = co_await witness.strict.get(std::move(keys));
  ++witness.seen;
  if (!rows[0]) ++witness.early;
}

TEST_P(CommitEvents, EventNeverComesBeforeItsCommitIsSeen) {
  Witness witness{strict()};
  log().subscribe({"feeds", {{"VoteCast"}}, [&](Event event) { return look(witness, std::move(event)); }});
  engine->start();
  for (int i = 0; i < 20; ++i) {
    std::string const voter = "voter " + std::to_string(i);
    ASSERT_TRUE(run(strict().commit(voting(1, voter, event("VoteCast", voter)))).done);
  }
  caught_up("feeds");
  EXPECT_GE(witness.seen, 20);
  EXPECT_EQ(witness.early, 0);
}

TEST_P(CommitEvents, ConflictEmitsNothing) {
  Reader reader;
  subscribe(reader, "feeds", {{"VoteCast"}});
  engine->start();
  Event const first = event("VoteCast"), second = event("VoteCast");
  EXPECT_TRUE(run(strict().commit(voting(1, "ada", first))).done);
  EXPECT_FALSE(run(strict().commit(voting(1, "ada", second))).done);
  caught_up("feeds");
  time.advance(std::chrono::minutes{1});
  EXPECT_TRUE(reader.saw(first.id));
  EXPECT_FALSE(reader.saw(second.id));
}

TEST_P(CommitEvents, DueEventOfACommitIsATimer) {
  Reader reader;
  subscribe(reader, "posts", {{"DraftDue"}});
  engine->start();
  Time const due = time.now() + std::chrono::hours{2};
  Event const draft = event("DraftDue", "draft", due);
  EXPECT_TRUE(run(strict().commit(voting(1, "ada", draft))).done);
  caught_up("posts");
  time.advance(std::chrono::hours{1});
  reopen();
  subscribe(reader, "posts", {{"DraftDue"}});
  engine->start();
  caught_up("posts");
  EXPECT_FALSE(reader.saw(draft.id));
  time.advance(std::chrono::hours{1});
  caught_up("posts");
  // An engine with threads of its own may look at the clock a little later.
  for (int minute = 0; minute < 200 && !reader.saw(draft.id); ++minute) time.advance(std::chrono::minutes{1});
  ASSERT_TRUE(reader.saw(draft.id));
  EXPECT_GE(reader.seen[0].at, due);
}

TEST_P(CommitEvents, EventsOfRowsWithTheirFieldsIntact) {
  Reader reader;
  subscribe(reader, "feeds", {{"VoteCast"}});
  engine->start();
  std::string body;
  for (int byte = 0; byte < 256; ++byte) body += static_cast<char>(byte);
  Event const sent = event("VoteCast", body);
  run(strict().commit(voting(1, "ada", sent)));
  caught_up("feeds");
  ASSERT_TRUE(reader.saw(sent.id));
  EXPECT_EQ(reader.seen[0].body, body);
  EXPECT_EQ(reader.seen[0].key, sent.key);
}

TEST_P(CommitEvents, RepeatLosesNoEventAndCountsOnce) {
  Reader reader;
  subscribe(reader, "feeds", {{"VoteCast"}});
  engine->start();
  Commit const change = voting(1, "ada", event("VoteCast"));
  EXPECT_TRUE(run(strict().commit(change)).done);
  EXPECT_TRUE(run(strict().commit(change)).done);
  caught_up("feeds");
  EXPECT_TRUE(reader.saw(change.events[0].id));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{1, 0}));
}

TEST_P(CommitEvents, LimitOfEventsIsKept) {
  Commit change = voting(1, "ada", event("VoteCast"));
  change.events[0].body.assign(event_bytes_max, 'x');
  EXPECT_EQ(refused(strict().commit(change)), Code::invalid);
  EXPECT_EQ(read(thing(1, "ada")), "missing");
}

TEST_P(CommitEvents, EverythingAcknowledgedIsThereAfterACleanStop) {
  Event const sent = event("VoteCast");
  Commit change = voting(1, "ada", sent);
  change.first.push_back({contract::note(1, 1), text_value("content"), 3});
  Outcome const outcome = run(strict().commit(change));
  Version const erased = erase(thing(1, "gone")).versions.at(0);
  reopen();
  Reader reader;
  subscribe(reader, "feeds", {{"VoteCast"}});
  engine->start();
  EXPECT_EQ(version_of(get(thing(1, "ada"))), outcome.versions.at(0));
  EXPECT_EQ(get(thing(1, "ada"))->header.operation, change.operation);
  EXPECT_EQ(read(contract::note(1, 1)), text_value("content"));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{1, 0}));
  EXPECT_GT(put(thing(1, "gone"), "back").versions.at(0), erased);
  caught_up("feeds");
  EXPECT_TRUE(reader.saw(sent.id));
}

TEST_P(CommitEvents, EverythingAcknowledgedSurvivesPowerLoss) {
  std::vector<Commit> done;
  for (int i = 0; i < 10; ++i) {
    Commit change = voting(1, "voter " + std::to_string(i), event("VoteCast"));
    change.first.push_back({contract::note(1, static_cast<std::uint64_t>(i)), text_value("content"), 3});
    ASSERT_TRUE(run(strict().commit(change)).done);
    done.push_back(std::move(change));
  }
  if (!engine->crash()) GTEST_SKIP() << "this engine cannot lose power here";
  time.forget();
  engine->open();
  Reader reader;
  subscribe(reader, "feeds", {{"VoteCast"}});
  engine->start();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(read(done[static_cast<std::size_t>(i)].puts[0].key), text_value("yes"));
    EXPECT_EQ(read(contract::note(1, static_cast<std::uint64_t>(i))), text_value("content"));
  }
  EXPECT_EQ(counts(tally(1, 1)), (Counts{10, 0}));
  EXPECT_TRUE(run(strict().commit(done[9])).done);
  EXPECT_EQ(counts(tally(1, 1)), (Counts{10, 0}));
  caught_up("feeds");
  for (Commit const& change : done) EXPECT_TRUE(reader.saw(change.events[0].id));
}

INSTANTIATE_TEST_SUITE_P(Engines, CommitEvents, testing::ValuesIn(engines()), name_of_engine);

}  // namespace
}  // namespace kith::contract
