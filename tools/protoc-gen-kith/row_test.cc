// What a generated row tells the ports: its description, its parsed form, its sealed fields.
#include <gtest/gtest.h>

#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/log/dispatch.h"
#include "ports/table/tables.h"
#include "tools/protoc-gen-kith/testdata/sample.kith.h"

namespace kith::sample {
namespace {

template <class T>
T const& value_of(RowPtr const& row) {
  return static_cast<TypedRow<T> const&>(*row).value;
}

TEST(Rows, ValueIsReadBackWithoutItsKey) {
  Vote const vote{
      .room = "hall", .poll = PollId{7}, .kind = Audience::friends, .name = "n", .voter = AccountId{9}, .choice = 3};
  std::string const value = encode(vote);
  EXPECT_EQ(value, "\x50\x03");
  RowHeader const header{.version = 5, .operation = 6};
  RowPtr const row = Vote::table().parse(Vote::encode_key(vote.key()), header, value);
  EXPECT_EQ(value_of<Vote>(row), vote);
  EXPECT_EQ(row->header.version, 5);
  EXPECT_EQ(row->header.operation, 6u);
}

TEST(Rows, KnowWhatTheyCostInMemory) {
  Poll poll{.id = PollId{1}};
  auto const bytes_of = [](Poll const& poll) {
    return Poll::table().parse(Poll::encode_key(poll.key()), {}, encode(poll))->bytes;
  };
  auto const empty = bytes_of(poll);
  EXPECT_GE(empty, sizeof(TypedRow<Poll>));
  poll.except.resize(100);
  EXPECT_GE(bytes_of(poll), empty + 100 * sizeof(AccountId));
  poll.choices.push_back({.text = std::string(1000, 'x'), .languages = {std::string(500, 'y')}});
  EXPECT_GE(bytes_of(poll), empty + 100 * sizeof(AccountId) + 1500);
}

TEST(Rows, KeepFieldsOfANewerSchemaAlsoInsideTheirMessages) {
  // Field 99 of the row and field 98 of its first choice, both unknown here.
  std::string const value = std::string("\x2A\x06") + "\x0A\x01y\x90\x06\x05" + "\x98\x06\x07";
  Poll poll = value_of<Poll>(Poll::table().parse(Poll::encode_key({PollId{1}}), {}, value));
  EXPECT_EQ(poll.choices.at(0).text, "y");
  EXPECT_EQ(encode(poll), value);
  poll.choices[0].text = "z";
  EXPECT_EQ(encode(poll), std::string("\x2A\x06") + "\x0A\x01z\x90\x06\x05" + "\x98\x06\x07");
}

TEST(Rows, NumbersThatAnEngineAddsToAreRead) {
  Poll const poll{.id = PollId{1}, .votes = 2, .delete_ = true};
  std::string value = encode(poll);
  EXPECT_EQ(add_to_field(value, static_cast<std::uint32_t>(Poll::Field::votes), 40), 42);
  Poll const read = value_of<Poll>(Poll::table().parse(Poll::encode_key({PollId{1}}), {}, value));
  EXPECT_EQ(read.votes, 42u);
  EXPECT_TRUE(read.delete_);
}

TEST(Rows, SealedFieldsAreWrittenAsCiphersOnly) {
  DataKey const key = {1, 2, 3};
  Poll poll{.id = PollId{1}, .author = AccountId{2}, .question = "Tea or coffee?", .notes = "only Ada knows"};
  EXPECT_TRUE(Poll::has_sealed);
  EXPECT_EQ(poll.sealed_owner(), AccountId{2});
  RowKey const place = Poll::encode_key(poll.key());
  std::vector<std::uint32_t> numbers;
  poll.each_sealed([&](std::uint32_t field, Sealed& sealed) {
    numbers.push_back(field);
    sealed.seal(key, place, field);
  });
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{3, 4}));
  std::string const value = encode(poll);
  EXPECT_EQ(value.find("Tea"), std::string::npos);
  Poll read = value_of<Poll>(Poll::table().parse(place, {}, value));
  read.each_sealed([&](std::uint32_t field, Sealed& sealed) { sealed.open(&key, place, field); });
  EXPECT_EQ(read.question.text(), "Tea or coffee?");
  EXPECT_EQ(read.notes.text(), "only Ada knows");
}

TEST(RowsDeathTest, SealedTextIsNeverWrittenInTheClear) {
  Poll const poll{.id = PollId{1}, .question = "Tea or coffee?"};
  EXPECT_DEATH(encode(poll), "sealed");
}

TEST(Rows, DescribeThemselvesToEngines) {
  TableDescription const& table = Vote::table();
  EXPECT_EQ(table.number, 9002u);
  EXPECT_EQ(table.service, "sample");
  EXPECT_EQ(table.name, "Vote");
  EXPECT_EQ(table.table_class, TableClass::wide);
  EXPECT_EQ(table.derived_from, "Poll \"as told\"");
  EXPECT_EQ(table.bucket, "28 days of poll");
  EXPECT_TRUE(table.immutable);
  ASSERT_EQ(table.partition.size(), 2u);
  EXPECT_EQ(table.partition[0].field, 2u);
  ASSERT_EQ(table.sort.size(), 7u);
  EXPECT_TRUE(table.sort[1].descending);
  ASSERT_EQ(table.fields.size(), 10u);
  EXPECT_EQ(table.fields[3].kind, FieldKind::time);
  EXPECT_EQ(Poll::table().sealed_by, "author");
  EXPECT_EQ(Poll::expires_at({.expires_at_ = Time(Duration(9))}), Time(Duration(9)));
  ASSERT_EQ(tables().size(), 2u);
  EXPECT_EQ(tables()[0], &Poll::table());
}

TEST(Events, AreDescribedWithTheirFollowers) {
  ASSERT_EQ(events().size(), 2u);
  EXPECT_EQ(events()[0].kind, "sample.VoteChanged");
  EXPECT_EQ(events()[0].schema, 2u);
  EXPECT_EQ(events()[0].key, "poll");
  EXPECT_EQ(VoteChanged{.poll = PollId{12}}.event_key(), "12");
  ASSERT_EQ(follows().size(), 2u);
  EXPECT_EQ(follows()[0].service, "sample");
  EXPECT_TRUE(follows()[0].echo);
  EXPECT_FALSE(follows()[1].echo);
}

struct Seen final : SampleFollower {
  Task<void> on_vote_changed(VoteChanged event) override {
    votes.push_back(event);
    co_return;
  }
  Task<void> on_poll_closed(PollClosed event) override {
    closed.push_back(event.number);
    co_return;
  }
  std::vector<VoteChanged> votes;
  std::vector<std::uint32_t> closed;
};

TEST(Events, ReachTheHandlersOfTheirFollower) {
  FakeClock clock;
  Dispatch dispatch(clock);
  Seen seen;
  follow(dispatch, seen);
  ASSERT_EQ(dispatch.followers().size(), 2u);
  Follower const& votes = dispatch.followers()[0];
  EXPECT_EQ(votes.group, "sample");
  EXPECT_EQ(votes.kind, "sample.VoteChanged");
  EXPECT_EQ(votes.schema, 2u);
  EXPECT_TRUE(votes.echo);
  EXPECT_FALSE(dispatch.followers()[1].echo);

  VoteChanged const event{.poll = PollId{1}, .kind_ = "new", .causes = {{.id = VoteId{3}, .kind = CauseKind::vote}}};
  run(votes.handle({.body = encode(event)}));
  EXPECT_EQ(seen.votes, std::vector{event});
  run(dispatch.followers()[1].handle({.body = encode(PollClosed{.number = 4})}));
  EXPECT_EQ(seen.closed, std::vector{4u});
}

TEST(Events, ThatCannotBeReadFailInsideTheirTask) {
  FakeClock clock;
  Dispatch dispatch(clock);
  Seen seen;
  follow(dispatch, seen);
  Task<void> task = dispatch.followers()[0].handle({.body = "\xFF"});
  EXPECT_THROW(run(std::move(task)), Error);
}

TEST(Events, OfANewerSchemaAreReadAsFarAsTheyAreKnown) {
  EXPECT_EQ(decode<PollClosed>("\x08\x05\x98\x06\x07").number, 5u);
}

}  // namespace
}  // namespace kith::sample
