#include "services/graph/graph.h"
#include "services/graph/pair.h"

#include <gtest/gtest.h>

#include "ports/table/test_world.h"
#include "services/users/users.h"

namespace kith::graph {
namespace {

class GraphTest : public testing::Test {
 protected:
  GraphTest() {
    world.start([this] {
      users.emplace(users::Users::Needs{world.tables(), world.keys, world.time});
      graph.emplace(Graph::Needs{world.tables(), world.time, *users});
      follow(world.dispatch(), *graph);
    });
    for (char const* name : {"ada", "ben", "cleo", "dan"}) people.push_back(create(name));
  }
  AccountId create(std::string handle, bool locked = true) {
    users::CreateAccount const request{
        .handle = std::move(handle), .locked = locked, .approved = true, .confirmed = true};
    return world.run(users->create({}, request)).account;
  }
  static Call as(AccountId viewer) { return Call{.viewer = viewer}; }
  Relationship act(AccountId actor, Verb verb, AccountId other, ListId list = {}) {
    return world.run(graph->perform(as(actor), {.other = other, .verb = verb, .list = list}));
  }
  void befriend(AccountId one, AccountId other) {
    act(one, Verb::follow, other);
    act(other, Verb::accept, one);
  }
  std::vector<AccountId> ties(AccountId person, TieKind kind) {
    std::vector<AccountId> others;
    for (auto const& tie : world.run(graph->ties({}, {.person = person, .kind = kind, .limit = 100})).ties)
      others.push_back(tie.other);
    return others;
  }
  TieCountsOf counts(AccountId person) {
    People const one{.people = {person}};
    return world.run(graph->counts({}, one)).counts.front();
  }
  Judged judge(AccountId viewer, Question question) {
    Questions const one{.questions = {question}};
    return world.run(graph->judge(as(viewer), one)).judged.front();
  }

  TestWorld world;
  std::optional<users::Users> users;
  std::optional<Graph> graph;
  std::vector<AccountId> people;
  AccountId ada() const { return people[0]; }
  AccountId ben() const { return people[1]; }
  AccountId cleo() const { return people[2]; }
  AccountId dan() const { return people[3]; }
};

TEST_F(GraphTest, OwnListsAndCountsAreRightInTheNextCall) {
  act(ada(), Verb::follow, ben());
  EXPECT_EQ(ties(ben(), TieKind::asked_by), std::vector{ada()});
  EXPECT_EQ(counts(ben()).asked_by, 1u);
  act(ben(), Verb::accept, ada());
  EXPECT_EQ(ties(ben(), TieKind::asked_by), std::vector<AccountId>{});
  EXPECT_EQ(ties(ada(), TieKind::friend_), std::vector{ben()});
  EXPECT_EQ(ties(ben(), TieKind::follower), std::vector{ada()});
  EXPECT_EQ(counts(ada()).friends, 1u);
  EXPECT_EQ(counts(ben()).asked_by, 0u);
}

TEST_F(GraphTest, DoubledEventsCountOnce) {
  befriend(ada(), ben());
  world.settle();
  EXPECT_EQ(counts(ada()).following, 1u);
  EXPECT_EQ(counts(ada()).followers, 1u);
  act(ada(), Verb::unfollow, ben());
  world.settle();
  EXPECT_EQ(counts(ada()).following, 0u);
  EXPECT_EQ(counts(ada()).friends, 0u);
  EXPECT_TRUE(ties(ben(), TieKind::friend_).empty());
}

// The event was set aside while the tie ended, and is tried once more afterwards; or the end came first.
TEST_F(GraphTest, AnEventThatComesAfterTheEndOfItsTieMakesNothing) {
  befriend(ada(), ben());
  world.settle();
  auto const key = key_of(ada(), ben());
  PairChanged late{.lo = key.lo, .hi = key.hi};
  late.causes = ties_of(*world.run(world.tables().get<Pair>(key)));
  act(ada(), Verb::unfriend, ben());
  world.settle();
  world.run(graph->on_pair_changed(late));
  for (AccountId const person : {ada(), ben()}) {
    EXPECT_TRUE(ties(person, TieKind::friend_).empty());
    EXPECT_TRUE(ties(person, TieKind::follower).empty());
    EXPECT_EQ(counts(person).friends + counts(person).followers + counts(person).following, 0u);
  }
}

TEST_F(GraphTest, AnUnfriendingIsEffectiveAtOnce) {
  befriend(ada(), ben());
  EXPECT_TRUE(judge(ben(), {.author = ada()}).friend_);
  act(ada(), Verb::unfriend, ben());
  EXPECT_FALSE(judge(ben(), {.author = ada()}).friend_);
}

TEST_F(GraphTest, FriendsOfFriendsAreConfirmedByTheirPairs) {
  befriend(ada(), ben());
  befriend(ben(), cleo());
  EXPECT_TRUE(judge(cleo(), {.author = ada(), .friend_of_friend = true}).friend_of_friend);
  EXPECT_FALSE(judge(dan(), {.author = ada(), .friend_of_friend = true}).friend_of_friend);
  act(cleo(), Verb::unfriend, ben());
  EXPECT_FALSE(judge(cleo(), {.author = ada(), .friend_of_friend = true}).friend_of_friend);
}

TEST_F(GraphTest, MutualFriendsAndSuggestions) {
  befriend(ada(), ben());
  befriend(ben(), cleo());
  befriend(dan(), ben());
  MutualsRequest const request{.others = {cleo()}, .limit = 10};
  auto const mutual = world.run(graph->mutuals(as(ada()), request)).mutuals.front();
  EXPECT_EQ(mutual.people, std::vector{ben()});
  auto const suggested = world.run(graph->suggest(as(ada()), {.limit = 10})).mutuals;
  ASSERT_EQ(suggested.size(), 2u);
  act(ada(), Verb::block, suggested[0].other);
  EXPECT_EQ(world.run(graph->suggest(as(ada()), {.limit = 10})).mutuals.size(), 1u);
}

TEST_F(GraphTest, ABlockHidesFromBothAtOnce) {
  befriend(ada(), ben());
  act(ben(), Verb::block, ada());
  EXPECT_TRUE(judge(ada(), {.author = ben()}).blocked);
  EXPECT_TRUE(judge(ben(), {.author = ada()}).blocked);
  EXPECT_EQ(ties(ben(), TieKind::blocking), std::vector{ada()});
  EXPECT_THROW(act(ada(), Verb::follow, ben()), Error);
}

TEST_F(GraphTest, PagesOfTiesGoByTieId) {
  AccountId const star = create("star", false);
  for (int i = 0; i < 7; ++i) act(create("fan" + std::to_string(i)), Verb::follow, star);
  auto const first = world.run(graph->ties({}, {.person = star, .kind = TieKind::follower, .limit = 3}));
  ASSERT_EQ(first.ties.size(), 3u);
  EXPECT_TRUE(first.more);
  auto const second = world.run(
      graph->ties({}, {.person = star, .kind = TieKind::follower, .max = first.ties.back().tie, .limit = 10}));
  EXPECT_EQ(second.ties.size(), 4u);
  EXPECT_FALSE(second.more);
  auto const above = world.run(
      graph->ties({}, {.person = star, .kind = TieKind::follower, .min = second.ties.front().tie, .limit = 2}));
  ASSERT_EQ(above.ties.size(), 2u);
  EXPECT_EQ(above.ties.back().tie, first.ties.back().tie);
}

TEST_F(GraphTest, ListsHoldPeopleOneFollows) {
  ListItem const saved = world.run(graph->save_list(as(ada()), {.title = "school"}));
  EXPECT_THROW(act(ada(), Verb::add_to_list, ben(), saved.id), Error);
  befriend(ada(), ben());
  act(ada(), Verb::add_to_list, ben(), saved.id);
  EXPECT_EQ(world.run(graph->members(as(ada()), {.list = saved.id, .limit = 10})).people, std::vector{ben()});
  EXPECT_TRUE(judge(ben(), {.author = ada(), .list = saved.id}).in_list);
  EXPECT_THROW(world.run(graph->members(as(ben()), {.list = saved.id, .limit = 10})), Error);
  world.run(graph->delete_list(as(ada()), {.id = saved.id}));
  EXPECT_FALSE(judge(ben(), {.author = ada(), .list = saved.id}).in_list);
  EXPECT_TRUE(world.run(graph->lists(as(ada()), {})).lists.empty());
}

TEST_F(GraphTest, NotesAreThePersonsOwn) {
  EXPECT_EQ(world.run(graph->set_note(as(ada()), {.other = ben(), .text = "plays chess"})).note, "plays chess");
  Others const others{.others = {ben(), cleo()}, .with_notes = true};
  auto const list = world.run(graph->relationships(as(ada()), others)).relationships;
  EXPECT_EQ(list[0].note, "plays chess");
  EXPECT_EQ(list[1].note, "");
  Others const back{.others = {ada()}, .with_notes = true};
  EXPECT_EQ(world.run(graph->relationships(as(ben()), back)).relationships[0].note, "");
}

TEST_F(GraphTest, NobodyFollowsThemselvesOrNobody) {
  EXPECT_THROW(act(ada(), Verb::follow, ada()), Error);
  EXPECT_THROW(act(ada(), Verb::follow, AccountId{5}), Error);
}

TEST_F(GraphTest, ARestartLosesNothing) {
  befriend(ada(), ben());
  world.restart();
  world.settle();
  EXPECT_EQ(ties(ada(), TieKind::friend_), std::vector{ben()});
  EXPECT_EQ(counts(ben()).friends, 1u);
}

}  // namespace
}  // namespace kith::graph
