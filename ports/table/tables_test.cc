// What services use instead of bytes: typed rows, changes, sealed fields, the world of their tests.

#include "ports/table/tables.h"

#include <gmock/gmock.h>

#include "base/kept_spans_for_tests.h"
#include "base/traced.h"
#include "ports/table/ballot.kith.h"
#include "ports/table/distant_for_tests.h"
#include "ports/table/table_numbers.h"
#include "ports/table/test_world.h"

namespace kith::ballot {
namespace {

using testing::ElementsAre;

constexpr AccountId ada{1}, bob{2};
constexpr PollId lunch{7};

// Says `unknown` so many times, having done it or not, and then so many times `unavailable`.
class Forgetful final : public Strict {
 public:
  Forgetful(Strict& engine, int times, bool done, int unavailable = 0)
      : engine_(engine), times_(times), done_(done), unavailable_(unavailable) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override { return engine_.get(std::move(keys)); }
  Task<Scanned> scan(Range range) override { return engine_.scan(std::move(range)); }
  Task<Outcome> commit(Commit commit) override {
    ++calls;
    bool const forgets = times_-- > 0;
    if (!forgets && unavailable_-- > 0) throw Error{Code::unavailable, "Out of reach"};
    if (!forgets || done_) {
      Outcome outcome = co_await engine_.commit(std::move(commit));
      if (!forgets) co_return outcome;
    }
    throw Error{Code::unknown, "Nobody knows"};
  }
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override {
    return engine_.scan_all(table, std::move(cursor), limit);
  }
  Task<void> apply(std::vector<RawRow> rows) override { return engine_.apply(std::move(rows)); }

  int calls = 0;

 private:
  Strict& engine_;
  int times_;
  bool done_;
  int unavailable_;
};

class TablesTest : public testing::Test {
 protected:
  TablesTest() {
    world.run(world.keys.create(ada));
    world.run(world.keys.create(bob));
  }

  Tables& tables() { return world.tables(); }
  Committed commit(Change change) { return world.run(tables().commit(std::move(change))); }
  template <class T>
  Found<T> get(typename T::Key key) {
    return world.run(tables().get<T>(key));
  }
  static Change vote(AccountId voter, OperationId operation = 0) {
    Change change(operation);
    change.insert(Vote{.poll = lunch, .voter = voter, .choice = "soup"});
    change.add<Tally>({lunch}, Tally::Field::votes, 1);
    change.emit(VoteChanged{.poll = lunch, .voter = voter});
    return change;
  }

  TestWorld world;
};

TEST_F(TablesTest, InsertedRowIsFoundAndASecondInsertSeesIt) {
  Committed const first = commit(vote(ada));
  ASSERT_TRUE(first.done());
  EXPECT_EQ(first.sum(), 1);
  Found<Vote> const found = get<Vote>({lunch, ada});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->choice, "soup");
  EXPECT_EQ(found.version(), first.version());
  EXPECT_FALSE(get<Vote>({lunch, bob}));
  Committed const second = commit(vote(ada));
  EXPECT_TRUE(second.conflict());
  EXPECT_EQ(second.as_is<Vote>()->choice, "soup");
  EXPECT_EQ(get<Tally>({lunch})->votes, 1u);
}

Task<void> note(std::vector<Event>& events, Event event) {
  events.push_back(std::move(event));
  co_return;
}

Task<void> vote_and_read(Tables& tables, Tracer& tracer, Change change) {
  Span const span(&tracer, {{1, 2}, 3, true}, SpanKind::server, "request");
  Task<Committed> work = tables.commit(std::move(change));
  co_await under(span, std::move(work));
  Task<Found<Vote>> read = tables.get<Vote>({lunch, ada});
  co_await under(span, std::move(read));
  Task<FoundRows<Vote>> scan = tables.scan<Vote>({.partition = {lunch}});
  co_await under(span, std::move(scan));
}

TEST_F(TablesTest, CommitsAndReadsOfAnEngineApartAreSpansAndEventsNameTheCommit) {
  for (bool const apart : {true, false}) {
    Metrics metrics;
    KeptSpans kept;
    DistantStrict far(world.strict(), world.time, {});
    std::string const engine = apart ? "postgresql" : "memory";
    TableNumbers const numbers{TableNumbers::Engine(metrics, engine, apart),
                               TableNumbers::Engine(metrics, "near", false)};
    std::vector<Event> echoed;
    Dispatch dispatch(world.time);
    dispatch.add({.group = "g", .kind = std::string(VoteChanged::kind), .echo = true, .handle = [&](Event event) {
                    return note(echoed, std::move(event));
                  }});
    Tables tables({apart ? static_cast<Strict&>(far) : world.strict(), world.wide(), world.keys, world.ids, dispatch});
    tables.observe(numbers);
    world.run(vote_and_read(tables, kept, vote(apart ? ada : bob)));

    std::vector<std::string> names;
    for (FinishedSpan const& span : kept.spans) names.push_back(span.name);
    EXPECT_EQ(names, apart ? (std::vector<std::string>{"commit", "get", "scan", "request"})
                           : (std::vector<std::string>{"commit", "request"}));
    for (FinishedSpan const& span : kept.spans)
      if (span.name != "request") EXPECT_EQ(span.parent, kept.spans.back().id) << span.name;
    FinishedSpan const& commit = kept.spans.front();
    EXPECT_EQ(commit.texts.front(), std::pair(std::string_view("db.system.name"), engine));
    EXPECT_EQ(commit.texts.back().second, "ballot.Vote");
    ASSERT_EQ(echoed.size(), 1u);
    EXPECT_EQ(echoed.front().trace, commit.trace);
    EXPECT_EQ(echoed.front().span, commit.id);
    auto const text = metrics.text();
    EXPECT_NE(text.find("kith_engine_total{engine=\"" + engine + "\",outcome=\"ok\",verb=\"write\"} 1\n"),
              std::string::npos)
        << text;
    EXPECT_NE(
        text.find("kith_engine_seconds_count{engine=\"" + engine + "\",verb=\"get\"} " + (apart ? "1" : "0") + "\n"),
        std::string::npos)
        << text;
    // A vote that is there already is refused, which is counted apart from what failed.
    world.run(tables.commit(vote(apart ? ada : bob)));
    EXPECT_NE(metrics.text().find("outcome=\"refused\",verb=\"write\"} 1\n"), std::string::npos);
    EXPECT_EQ(echoed.size(), 1u);
  }
}

TEST_F(TablesTest, EventsWithoutATraceHaveNone) {
  std::vector<Event> echoed;
  Dispatch dispatch(world.time);
  dispatch.add({.group = "g", .kind = std::string(VoteChanged::kind), .echo = true, .handle = [&](Event event) {
                  return note(echoed, std::move(event));
                }});
  Tables tables({world.strict(), world.wide(), world.keys, world.ids, dispatch});
  world.run(tables.commit(vote(ada)));
  ASSERT_EQ(echoed.size(), 1u);
  EXPECT_EQ(echoed.front().trace, TraceId{});
  EXPECT_EQ(echoed.front().span, 0u);
}

TEST_F(TablesTest, ReplaceAndEraseHoldOnlyForTheRowAsRead) {
  commit(vote(ada));
  Found<Vote> const read = get<Vote>({lunch, ada});
  Vote changed = *read;
  changed.choice = "salad";
  Change change;
  change.replace(read, changed);
  ASSERT_TRUE(commit(std::move(change)).done());
  Change late;
  late.erase(read);
  Committed const refused = commit(std::move(late));
  EXPECT_TRUE(refused.conflict());
  EXPECT_EQ(refused.as_is<Vote>()->choice, "salad");
  Change erase;
  erase.erase(refused.as_is<Vote>());
  erase.add<Tally>({lunch}, Tally::Field::votes, -1);
  EXPECT_EQ(commit(std::move(erase)).sum(), 0);
  EXPECT_FALSE(get<Vote>({lunch, ada}));
}

TEST_F(TablesTest, ReplacingAnAbsenceInserts) {
  Change change;
  change.replace(get<Vote>({lunch, ada}), Vote{.poll = lunch, .voter = ada});
  EXPECT_TRUE(commit(std::move(change)).done());
  EXPECT_TRUE(get<Vote>({lunch, ada}));
}

TEST_F(TablesTest, UnknownOutcomeIsAskedForAgainAndDoneOnce) {
  for (bool const done : {true, false}) {
    AccountId const voter{done ? 20u : 21u};
    Forgetful engine(world.strict(), 2, done);
    Tables asking({engine, world.wide(), world.keys, world.ids, world.dispatch()});
    Committed const committed = world.run(asking.commit(vote(voter)));
    EXPECT_TRUE(committed.done());
    EXPECT_EQ(engine.calls, 3);
    EXPECT_EQ(committed.version(), get<Vote>({lunch, voter}).version());
  }
  EXPECT_EQ(get<Tally>({lunch})->votes, 2u);
}

TEST_F(TablesTest, OutcomeThatStaysUnknownIsSaidAndACallersRepeatIsStillDoneOnce) {
  Forgetful engine(world.strict(), 100, true);
  Tables asking({engine, world.wide(), world.keys, world.ids, world.dispatch()});
  try {
    world.run(asking.commit(vote(ada, 55)));
    FAIL() << "nobody knows";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unknown);
  }
  EXPECT_TRUE(commit(vote(ada, 55)).done());
  EXPECT_EQ(get<Tally>({lunch})->votes, 1u);
}

TEST_F(TablesTest, UnavailableAfterUnknownIsAskedAgainAndStaysUnknown) {
  Forgetful passing(world.strict(), 1, true, 1);
  Tables asking({passing, world.wide(), world.keys, world.ids, world.dispatch()});
  EXPECT_TRUE(world.run(asking.commit(vote(bob))).done());
  EXPECT_EQ(passing.calls, 3);

  Forgetful lasting(world.strict(), 1, true, 100);
  Tables failing({lasting, world.wide(), world.keys, world.ids, world.dispatch()});
  try {
    world.run(failing.commit(vote(ada, 55)));
    FAIL() << "nobody knows";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unknown);
  }
  EXPECT_TRUE(get<Vote>({lunch, ada})) << "it was done, so `unavailable` would have been a lie";
}

TEST_F(TablesTest, UnavailableThatNothingPrecededIsSaidAtOnce) {
  Forgetful engine(world.strict(), 0, true, 1);
  Tables asking({engine, world.wide(), world.keys, world.ids, world.dispatch()});
  try {
    world.run(asking.commit(vote(ada)));
    FAIL() << "the engine was out of reach";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unavailable);
  }
  EXPECT_EQ(engine.calls, 1);
}

TEST_F(TablesTest, RowsOfAPartitionAreScannedAndManyAreRead) {
  for (std::uint64_t voter = 1; voter <= 5; ++voter) commit(vote(AccountId{voter}));
  auto const page = world.run(tables().scan<Vote>({.partition = {lunch}, .limit = 3}));
  EXPECT_TRUE(page.more);
  std::vector<std::uint64_t> voters;
  for (auto const& found : page) voters.push_back(found->voter.value);
  EXPECT_THAT(voters, ElementsAre(1, 2, 3));
  std::vector<Vote::Key> keys;
  for (std::uint64_t voter = 1; voter <= 1200; ++voter) keys.push_back({lunch, AccountId{voter}});
  auto const many = world.run(tables().get_many<Vote>(keys));
  ASSERT_EQ(many.size(), 1200u);
  EXPECT_TRUE(many[4]);
  EXPECT_FALSE(many[5]);
  std::string cursor;
  std::size_t walked = 0;
  do {
    auto [rows, next] = world.run(tables().walk<Vote>(cursor, 2));
    walked += rows.size();
    cursor = next;
  } while (!cursor.empty());
  EXPECT_EQ(walked, 5u);
}

TEST_F(TablesTest, SealedFieldIsCipherInTheTableAndOpensForItsOwner) {
  Change change;
  change.insert(Poll{.id = lunch, .author = ada, .question = "Where?", .topic = "food"});
  commit(std::move(change));
  Found<Poll> const found = get<Poll>({lunch});
  EXPECT_EQ(found->topic, "food");
  EXPECT_EQ(found->question.cipher().find("Where?"), std::string::npos);
  EXPECT_EQ(world.run(tables().open(found)).question.text(), "Where?");
  // Editing another field keeps the cipher as it is.
  Poll edited = *found;
  edited.topic = "lunch";
  Change edit;
  edit.replace(found, edited);
  commit(std::move(edit));
  EXPECT_EQ(get<Poll>({lunch})->question.cipher(), found->question.cipher());
  world.run(world.keys.destroy(ada));
  Poll const dark = world.run(tables().open(get<Poll>({lunch})));
  EXPECT_TRUE(dark.question.dark());
  EXPECT_EQ(dark.question.text(), "");
  EXPECT_EQ(dark.topic, "lunch");
}

TEST_F(TablesTest, SealedFieldOpensNowhereElse) {
  Change change;
  change.insert(Poll{.id = lunch, .author = ada, .question = "Where?"});
  commit(std::move(change));
  Poll moved = *get<Poll>({lunch});
  moved.id = PollId{8};
  Change steal;
  steal.insert(moved);
  commit(std::move(steal));
  EXPECT_TRUE(world.run(tables().open(get<Poll>({PollId{8}}))).question.dark());
}

TEST_F(TablesTest, NothingIsSealedForAnOwnerWithoutAKey) {
  world.run(world.keys.destroy(ada));
  Change change;
  change.insert(Poll{.id = lunch, .author = ada, .question = "Where?"});
  EXPECT_THROW(commit(std::move(change)), Error);
  EXPECT_FALSE(get<Poll>({lunch}));
  world.run(world.keys.create(ada));
  EXPECT_EQ(world.run(world.keys.get(ada)), nullptr) << "a destroyed key never comes back";
}

TEST_F(TablesTest, ContentComesBeforeTheCommitThatNamesIt) {
  Change change = vote(ada);
  change.first(Reason{.voter = ada, .poll = lunch, .text = "hungry"}, 3);
  commit(std::move(change));
  std::vector<Found<Reason>> const found = world.run(tables().get_many<Reason>({{ada, lunch}, {bob, lunch}}));
  ASSERT_TRUE(found[0]);
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(world.run(tables().open_many<Reason>({found[0], found[0]})).at(1).text.text(), "hungry");
}

TEST_F(TablesTest, WideRowsArePutErasedAndSpread) {
  std::vector<Listed> rows{{.reader = ada, .poll = lunch}};
  world.run(tables().put<Listed>(rows, 5));
  world.run(tables().erase<Listed>({{ada, lunch}}, 4));
  EXPECT_TRUE(get<Listed>({ada, lunch}));
  world.run(tables().erase<Listed>({{ada, lunch}}, 6));
  EXPECT_FALSE(get<Listed>({ada, lunch}));
  std::vector<Listed::Partition> readers;
  for (std::uint64_t reader = 1; reader <= 2500; ++reader) readers.push_back({AccountId{reader}});
  world.run(tables().spread<Listed>({.poll = PollId{9}}, readers, 5));
  EXPECT_TRUE(get<Listed>({AccountId{2500}, PollId{9}}));
  EXPECT_EQ(get<Listed>({AccountId{3}, PollId{9}})->reader, AccountId{3});
}

TEST_F(TablesTest, ExpiredRowIsGone) {
  Change change;
  change.insert(Poll{.id = lunch, .author = ada, .closes_at = world.time.now() + std::chrono::minutes{1}});
  commit(std::move(change));
  EXPECT_TRUE(get<Poll>({lunch}));
  world.advance(std::chrono::minutes{1});
  EXPECT_FALSE(get<Poll>({lunch}));
}

TEST_F(TablesTest, RowOfANewerSchemaKeepsItsFieldsWhenOlderCodeEditsIt) {
  commit(vote(ada));
  RowKey const key = Vote::encode_key({lunch, ada});
  Commit newer{.operation = 77, .puts = {{key, "\x1A\x04soup\xF2\x01\x03new"}}};
  world.run(world.strict().commit(newer));
  Found<Vote> const found = get<Vote>({lunch, ada});
  Vote edited = *found;
  edited.choice = "stew";
  Change change;
  change.replace(found, edited);
  commit(std::move(change));
  RawPage const page = world.run(world.strict().scan_all(&Vote::table(), "", 10));
  EXPECT_EQ(page.rows.at(0).value, "\x1A\x04stew\xF2\x01\x03new");
}

Task<void> count(Tables& tables, int& seen, Event event) {
  VoteChanged const changed = decode<VoteChanged>(event.body);
  auto const found = co_await tables.get<Vote>({changed.poll, changed.voter});
  if (found) ++seen;
}

TEST_F(TablesTest, EchoRunsBeforeTheAnswerAndTheLogBringsTheEventAgain) {
  int seen = 0;
  world.start([&] {
    world.dispatch().add({"lists", std::string(VoteChanged::kind), 1, true,
                          [&](Event event) { return count(world.tables(), seen, std::move(event)); }});
  });
  commit(vote(ada));
  EXPECT_EQ(seen, 1);
  world.settle();
  EXPECT_EQ(seen, 2) << "handlers get every event twice";
  Change later;
  later.insert(Vote{.poll = lunch, .voter = bob});
  later.emit(VoteChanged{.poll = lunch, .voter = bob}, world.time.now() + std::chrono::hours{1});
  commit(std::move(later));
  world.restart();
  EXPECT_EQ(get<Vote>({lunch, bob})->voter, bob);
  world.advance(std::chrono::minutes{59});
  EXPECT_EQ(seen, 2);
  world.advance(std::chrono::minutes{1});
  EXPECT_EQ(seen, 4);
}

TEST_F(TablesTest, HandlerThatCannotIsTold) {
  world.start([&] {
    world.dispatch().add({"lists", std::string(VoteChanged::kind), 1, false,
                          [](Event) -> Task<void> { throw Error{Code::internal, "Broken"}; }});
  });
  commit(vote(ada));
  EXPECT_THROW(world.settle(), std::runtime_error);
  EXPECT_NO_THROW(world.settle_anyway());
}

}  // namespace
}  // namespace kith::ballot
