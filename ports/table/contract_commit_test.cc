// What strict.h promises of commits, for every engine.

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "base/all.h"
#include "base/run.h"
#include "ports/table/contract.h"

namespace kith::contract {
namespace {

using testing::ElementsAre;

class StrictCommit : public EngineTest {
 protected:
  // Inserts a thing and counts it, as a service inserts a vote.
  Commit vote(std::uint64_t owner, std::string voter, std::int64_t delta = 1) {
    Commit change = commit();
    change.checks.push_back({thing(owner, voter), std::nullopt});
    change.puts.push_back({thing(owner, voter), text_value("yes")});
    change.adds.push_back({tally(owner, 1), yes_field, delta});
    return change;
  }
  Outcome done(Commit change) {
    Outcome outcome = run(strict().commit(std::move(change)));
    EXPECT_TRUE(outcome.done);
    return outcome;
  }
  Outcome conflict(Commit change) {
    Outcome outcome = run(strict().commit(std::move(change)));
    EXPECT_FALSE(outcome.done);
    return outcome;
  }
};

TEST_P(StrictCommit, RowIsReadAsWrittenWithItsVersionAndOperation) {
  Time const before = time.now();
  Commit change = commit();
  change.puts.push_back({thing(1, "a"), text_value("first")});
  change.puts.push_back({thing(1, "b"), text_value("second")});
  OperationId const operation = change.operation;
  Outcome const outcome = done(std::move(change));
  ASSERT_EQ(outcome.versions.size(), 2u);
  RowPtr const row = get(thing(1, "b"));
  ASSERT_TRUE(row);
  EXPECT_EQ(value_of(row), text_value("second"));
  EXPECT_EQ(row->header.version, outcome.versions[1]);
  EXPECT_EQ(row->header.operation, operation);
  EXPECT_GE(row->header.version, before.time_since_epoch().count());
}

TEST_P(StrictCommit, AbsenceIsCheckedAndTheRowAsItIsComesBack) {
  put(thing(1, "a"), "there");
  Commit change = commit();
  change.first.push_back({note(1, 1), text_value("content"), 5});
  change.checks.push_back({thing(1, "b"), std::nullopt});
  change.checks.push_back({thing(1, "a"), std::nullopt});
  change.puts.push_back({thing(1, "a"), text_value("mine")});
  change.puts.push_back({thing(1, "b"), text_value("mine")});
  change.adds.push_back({tally(1, 1), yes_field, 1});
  Outcome const outcome = conflict(std::move(change));
  ASSERT_EQ(outcome.rows.size(), 2u);
  EXPECT_FALSE(outcome.rows[0]);
  EXPECT_EQ(value_of(outcome.rows[1]), text_value("there"));
  // All or nothing.
  EXPECT_EQ(read(thing(1, "a")), text_value("there"));
  EXPECT_EQ(read(thing(1, "b")), "missing");
  EXPECT_EQ(read(tally(1, 1)), "missing");
}

TEST_P(StrictCommit, VersionIsChecked) {
  Version const first = put(thing(1, "a"), "one").versions.at(0);
  Version const second = put(thing(1, "a"), "two").versions.at(0);
  EXPECT_GT(second, first);
  Commit late = commit();
  late.checks.push_back({thing(1, "a"), first});
  late.puts.push_back({thing(1, "a"), text_value("late")});
  EXPECT_EQ(version_of(conflict(std::move(late)).rows.at(0)), second);
  Commit right = commit();
  right.checks.push_back({thing(1, "a"), second});
  right.puts.push_back({thing(1, "a"), text_value("three")});
  EXPECT_GT(done(std::move(right)).versions.at(0), second);
  EXPECT_EQ(read(thing(1, "a")), text_value("three"));
  Commit absent = commit();
  absent.checks.push_back({thing(1, "b"), second});
  absent.puts.push_back({thing(1, "b"), text_value("x")});
  EXPECT_FALSE(conflict(std::move(absent)).rows.at(0));
}

TEST_P(StrictCommit, CheckWithoutChangeRefusesToo) {
  Version const version = put(thing(1, "a"), "there").versions.at(0);
  Commit fits = commit();
  fits.checks.push_back({thing(1, "a"), version});
  fits.puts.push_back({thing(1, "b"), text_value("x")});
  done(std::move(fits));
  Commit refused = commit();
  refused.checks.push_back({thing(1, "a"), version + 1});
  refused.puts.push_back({thing(1, "c"), text_value("x")});
  conflict(std::move(refused));
  EXPECT_EQ(read(thing(1, "c")), "missing");
}

TEST_P(StrictCommit, ErasedRowIsMissingAndVersionsGrowOverIt) {
  Version const put_version = put(thing(1, "a"), "one").versions.at(0);
  Outcome const erased = erase(thing(1, "a"));
  ASSERT_EQ(erased.versions.size(), 1u);
  EXPECT_GT(erased.versions[0], put_version);
  EXPECT_EQ(read(thing(1, "a")), "missing");
  Commit again = commit();
  again.checks.push_back({thing(1, "a"), std::nullopt});
  again.puts.push_back({thing(1, "a"), text_value("two")});
  EXPECT_GT(done(std::move(again)).versions.at(0), erased.versions[0]);
  EXPECT_EQ(read(thing(1, "a")), text_value("two"));
}

TEST_P(StrictCommit, VersionsGrowWhenTheClockIsSetBack) {
  Version last = put(thing(1, "a"), "one").versions.at(0);
  time.set_back(std::chrono::hours{24});
  for (int i = 0; i < 3; ++i) {
    Outcome const outcome = i == 1 ? erase(thing(1, "a")) : put(thing(1, "a"), "more");
    EXPECT_EQ(outcome.versions.at(0), last + 1);
    last = outcome.versions.at(0);
  }
  reopen();
  EXPECT_EQ(put(thing(1, "a"), "after").versions.at(0), last + 1);
}

TEST_P(StrictCommit, ExpiredRowIsAbsentForReadsAndChecks) {
  Commit change = commit();
  Time const end = time.now() + std::chrono::minutes{5};
  change.puts.push_back({thing(1, "a"), text_value("short"), end});
  Version const version = done(std::move(change)).versions.at(0);
  EXPECT_EQ(get(thing(1, "a"))->header.expires_at, end);
  time.advance(std::chrono::minutes{5});
  EXPECT_EQ(read(thing(1, "a")), "missing");
  Commit replace = commit();
  replace.checks.push_back({thing(1, "a"), version});
  replace.puts.push_back({thing(1, "a"), text_value("x")});
  EXPECT_FALSE(conflict(std::move(replace)).rows.at(0));
  Commit insert = commit();
  insert.checks.push_back({thing(1, "a"), std::nullopt});
  insert.puts.push_back({thing(1, "a"), text_value("new")});
  EXPECT_GT(done(std::move(insert)).versions.at(0), version);
  EXPECT_EQ(read(thing(1, "a")), text_value("new"));
}

TEST_P(StrictCommit, RepeatedInsertIsDoneOnce) {
  Commit const change = vote(1, "ada");
  Outcome const first = done(change);
  Outcome const again = done(change);
  EXPECT_EQ(again.versions, first.versions);
  EXPECT_THAT(again.sums, ElementsAre(1));
  reopen();
  EXPECT_EQ(done(change).versions, first.versions);
  EXPECT_EQ(counts(tally(1, 1)), (Counts{1, 0}));
}

TEST_P(StrictCommit, RepeatedEraseIsDoneOnce) {
  done(vote(1, "ada"));
  Version const version = done(vote(1, "bob")).versions.at(0);
  Commit change = commit();
  change.checks.push_back({thing(1, "bob"), version});
  change.erases.push_back(thing(1, "bob"));
  change.adds.push_back({tally(1, 1), yes_field, -1});
  Outcome const first = done(change);
  EXPECT_THAT(first.sums, ElementsAre(1));
  Outcome const again = done(change);
  EXPECT_EQ(again.versions, first.versions);
  EXPECT_THAT(again.sums, ElementsAre(1));
  reopen();
  done(change);
  EXPECT_EQ(counts(tally(1, 1)), (Counts{1, 0}));
}

TEST_P(StrictCommit, RepeatedReplaceIsDoneOnce) {
  Version const version = put(thing(1, "a"), "one").versions.at(0);
  Commit change = commit();
  change.checks.push_back({thing(1, "a"), version});
  change.puts.push_back({thing(1, "a"), text_value("two")});
  Outcome const first = done(change);
  EXPECT_EQ(done(change).versions, first.versions);
}

TEST_P(StrictCommit, RepeatAfterAnothersChangeIsAConflictAndCountsNothing) {
  Commit const change = vote(1, "ada");
  Version const version = done(change).versions.at(0);
  Commit undo = commit();
  undo.checks.push_back({thing(1, "ada"), version});
  undo.puts.push_back({thing(1, "ada"), text_value("no")});
  undo.adds.push_back({tally(1, 1), yes_field, -1});
  done(std::move(undo));
  EXPECT_EQ(value_of(conflict(change).rows.at(0)), text_value("no"));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{0, 0}));
}

TEST_P(StrictCommit, SameOperationMayChangeAgainWhatItHasRead) {
  Commit change = commit();
  change.checks.push_back({thing(1, "a"), std::nullopt});
  change.puts.push_back({thing(1, "a"), text_value("one")});
  Commit next;
  next.operation = change.operation;
  next.checks.push_back({thing(1, "a"), done(std::move(change)).versions.at(0)});
  next.puts.push_back({thing(1, "a"), text_value("two")});
  done(std::move(next));
  EXPECT_EQ(read(thing(1, "a")), text_value("two"));
}

TEST_P(StrictCommit, ConflictLeavesNoTraceOfTheOperation) {
  put(thing(1, "a"), "there");
  Commit change = commit();
  change.checks.push_back({thing(1, "a"), std::nullopt});
  change.puts.push_back({thing(1, "a"), text_value("mine")});
  Version const now = version_of(conflict(change).rows.at(0));
  change.checks[0].version = now;
  done(change);
  EXPECT_EQ(read(thing(1, "a")), text_value("mine"));
}

TEST_P(StrictCommit, AddCountsFromZeroAndKeepsOtherFields) {
  Commit change = vote(1, "ada", 3);
  change.adds.push_back({tally(1, 1), no_field, 2});
  change.adds.push_back({tally(1, 2), yes_field, 1});
  EXPECT_THAT(done(std::move(change)).sums, ElementsAre(3, 2, 1));
  EXPECT_THAT(done(vote(1, "bob")).sums, ElementsAre(4));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{4, 2}));
  EXPECT_EQ(counts(tally(1, 2)), (Counts{1, 0}));
  // A number never falls below zero.
  EXPECT_THAT(done(vote(1, "cleo", -9)).sums, ElementsAre(0));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{0, 2}));
}

TEST_P(StrictCommit, AddGivesTheRowANewVersion) {
  done(vote(1, "ada"));
  Version const version = version_of(get(tally(1, 1)));
  done(vote(1, "bob"));
  EXPECT_GT(version_of(get(tally(1, 1))), version);
  Commit stale = commit();
  stale.checks.push_back({tally(1, 1), version});
  stale.puts.push_back({thing(1, "x"), text_value("x")});
  conflict(std::move(stale));
}

TEST_P(StrictCommit, AddToAnErasedOrExpiredCountBeginsAtZero) {
  done(vote(1, "ada", 7));
  erase(tally(1, 1));
  EXPECT_THAT(done(vote(1, "bob")).sums, ElementsAre(1));
  Commit change = commit();
  change.puts.push_back({tally(1, 2), tally_value(5, 0), time.now() + std::chrono::seconds{1}});
  done(std::move(change));
  time.advance(std::chrono::seconds{1});
  Commit late = vote(1, "cleo");
  late.adds[0].key = tally(1, 2);
  EXPECT_THAT(done(std::move(late)).sums, ElementsAre(1));
}

TEST_P(StrictCommit, AddKeepsFieldsItDoesNotKnow) {
  std::string const newer = tally_value(1, 0) + text_value("a field of a newer version").replace(0, 1, "\x4A");
  Commit change = commit();
  change.puts.push_back({tally(1, 1), newer});
  done(std::move(change));
  done(vote(1, "ada"));
  std::string const now = read(tally(1, 1));
  EXPECT_NE(now.find("a field of a newer version"), std::string::npos);
  EXPECT_EQ(now.size(), newer.size());
}

TEST_P(StrictCommit, ContentIsThereWithTheCommitThatNamesIt) {
  Commit change = commit();
  change.first.push_back({note(9, 1), text_value("content"), 5});
  change.puts.push_back({thing(1, "a"), text_value("names it")});
  done(std::move(change));
  EXPECT_EQ(read(note(9, 1)), text_value("content"));
  EXPECT_EQ(version_of(get(note(9, 1))), 5);
  Commit older = commit();
  older.first.push_back({note(9, 1), text_value("older"), 4});
  older.puts.push_back({thing(1, "b"), text_value("names it")});
  done(std::move(older));
  EXPECT_EQ(read(note(9, 1)), text_value("content"));
}

Task<bool> insert(Strict& strict, Commit change) {
  Outcome const outcome = co_await strict.commit(std::move(change));
  co_return outcome.done;
}

TEST_P(StrictCommit, OneOfManyInsertsWins) {
  std::vector<Task<bool>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(insert(strict(), vote(1, "the only one")));
  auto const won = run(all(std::move(tasks)));
  EXPECT_EQ(std::ranges::count(won, true), 1);
  EXPECT_EQ(counts(tally(1, 1)), (Counts{1, 0}));
}

TEST_P(StrictCommit, CountIsExactFromManyCoroutines) {
  std::vector<Task<bool>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(insert(strict(), vote(1, "voter " + std::to_string(i))));
  auto const won = run(all(std::move(tasks)));
  EXPECT_EQ(std::ranges::count(won, true), 100);
  EXPECT_EQ(counts(tally(1, 1)), (Counts{100, 0}));
}

// Reads a row and writes it longer by one, until no other was faster.
Task<int> lengthen(Strict& strict, OperationId operation) {
  for (int conflicts = 0;; ++conflicts) {
    std::vector<RowKey> keys(1, thing(1, "shared"));
    auto const rows = co_await strict.get(std::move(keys));
    Commit change;
    change.operation = operation;
    change.checks.push_back({thing(1, "shared"), rows[0] ? std::optional(rows[0]->header.version) : std::nullopt});
    std::string text = rows[0] ? value_of(rows[0]).substr(2) : std::string();
    change.puts.push_back({thing(1, "shared"), text_value(text + 'x')});
    change.adds.push_back({tally(1, 1), yes_field, 1});
    Outcome const outcome = co_await strict.commit(std::move(change));
    if (outcome.done) co_return conflicts;
  }
}

TEST_P(StrictCommit, ChecksHoldAsIfCommitsCameOneAfterAnother) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 30; ++i) tasks.push_back(lengthen(strict(), ++operations));
  run(all(std::move(tasks)));
  EXPECT_EQ(read(thing(1, "shared")), text_value(std::string(30, 'x')));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{30, 0}));
}

TEST_P(StrictCommit, ChecksHoldAlsoBetweenThreads) {
  std::vector<std::thread> threads;
  std::atomic<OperationId> next{1000};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this, &next] {
      for (int turn = 0; turn < 10; ++turn) kith::run(lengthen(strict(), ++next));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read(thing(1, "shared")), text_value(std::string(40, 'x')));
  EXPECT_EQ(counts(tally(1, 1)), (Counts{40, 0}));
}

TEST_P(StrictCommit, RepeatsRacingTheFirstAreDoneOnce) {
  Commit const change = vote(1, "ada");
  std::vector<Task<bool>> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(insert(strict(), change));
  for (bool const won : run(all(std::move(tasks)))) EXPECT_TRUE(won);
  EXPECT_EQ(counts(tally(1, 1)), (Counts{1, 0}));
}

TEST_P(StrictCommit, LimitsAreKeptAndOneMoreIsRefused) {
  Commit rows = commit();
  for (std::size_t i = 0; i < batch_rows_max; ++i)
    rows.puts.push_back({thing(1, "row " + std::to_string(i)), text_value("x")});
  Commit more_rows = rows;
  more_rows.operation = ++operations;
  more_rows.erases.push_back(thing(1, "one more"));
  EXPECT_EQ(refused(strict().commit(more_rows)), Code::invalid);
  EXPECT_EQ(read(thing(1, "row 0")), "missing");
  done(std::move(rows));

  auto const of_size = [](std::size_t size) { return text_value(std::string(size - 4, 'x')); };
  Commit large = commit();
  large.puts.push_back({thing(1, "large"), of_size(row_bytes_max)});
  ASSERT_EQ(large.puts[0].value.size(), row_bytes_max);
  done(std::move(large));
  EXPECT_EQ(read(thing(1, "large")).size(), row_bytes_max);
  Commit too_large = commit();
  too_large.puts.push_back({thing(1, "large"), of_size(row_bytes_max + 1)});
  EXPECT_EQ(refused(strict().commit(too_large)), Code::invalid);

  Commit batch = commit();
  for (int i = 0; i < 4; ++i) batch.puts.push_back({thing(1, std::to_string(i)), of_size(row_bytes_max)});
  EXPECT_EQ(refused(strict().commit(batch)), Code::invalid) << "four rows of 256 KiB and their keys";
}

TEST_P(StrictCommit, KeyLimitsAreKeptAndOneMoreIsRefused) {
  auto const inserted = [&](RowKey key) {
    Commit change = commit();
    change.puts.push_back({std::move(key), text_value("x")});
    return refused(strict().commit(std::move(change)));
  };
  EXPECT_EQ(inserted(name(std::string(partition_bytes_max, 'n'))), std::nullopt);
  EXPECT_EQ(inserted(name(std::string(partition_bytes_max + 1, 'n'))), Code::invalid);
  EXPECT_EQ(inserted(name("")), Code::invalid);
  EXPECT_EQ(inserted(thing(1, std::string(sort_bytes_max - 9, 's'))), std::nullopt);
  EXPECT_EQ(inserted(thing(1, std::string(sort_bytes_max - 8, 's'))), Code::invalid);
  EXPECT_EQ(inserted(name("no \xFF UTF-8")), Code::invalid);
  EXPECT_EQ(inserted(name(std::string("a NUL \0 inside", 14))), Code::invalid);
}

INSTANTIATE_TEST_SUITE_P(Engines, StrictCommit, testing::ValuesIn(engines()), name_of_engine);

}  // namespace
}  // namespace kith::contract
