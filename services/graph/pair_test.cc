#include "services/graph/pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "base/error.h"

namespace kith::graph {
namespace {

constexpr AccountId ada{1}, ben{2};

struct PairOf : testing::Test {
  Pair pair{.lo = ada, .hi = ben};
  std::uint64_t last = 100;
  std::vector<Cause> causes;

  void act(AccountId actor, Verb verb, bool other_locked = true, ListId list = {}, std::optional<bool> notify = {}) {
    FreshTies fresh{TieId{++last}, TieId{++last}, TieId{++last}, TieId{++last}};
    Act const what{.other = actor == ada ? ben : ada, .verb = verb, .notify = notify, .list = list};
    Next after = next(pair, actor, what, other_locked, fresh);
    pair = after.pair;
    causes = after.causes;
  }
  Relationship seen_by(AccountId viewer) const {
    return relationship_of(&pair, viewer, viewer == ada ? ben : ada, Time{Duration{1}});
  }
};

TEST_F(PairOf, FollowingALockedAccountAsks) {
  act(ada, Verb::follow);
  EXPECT_TRUE(seen_by(ada).requested);
  EXPECT_FALSE(seen_by(ada).following);
  EXPECT_TRUE(seen_by(ben).requested_by);
}

TEST_F(PairOf, FollowingAnOpenAccountFollowsAtOnce) {
  act(ada, Verb::follow, false);
  EXPECT_TRUE(seen_by(ada).following);
  EXPECT_FALSE(seen_by(ada).friend_);
}

TEST_F(PairOf, TwoPlainFollowsAreNoFriendship) {
  act(ada, Verb::follow, false);
  act(ben, Verb::follow, false);
  EXPECT_TRUE(seen_by(ada).followed_by);
  EXPECT_FALSE(seen_by(ada).friend_);
}

TEST_F(PairOf, AcceptingMakesFriendsAndBothFollow) {
  act(ada, Verb::follow);
  act(ben, Verb::accept);
  for (AccountId const each : {ada, ben}) {
    EXPECT_TRUE(seen_by(each).friend_);
    EXPECT_TRUE(seen_by(each).following);
    EXPECT_TRUE(seen_by(each).followed_by);
    EXPECT_FALSE(seen_by(each).requested);
  }
  EXPECT_EQ(causes.size(), 4u);  // the ask ended; friendship and two follows made
}

TEST_F(PairOf, CrossingAsksMakeFriends) {
  act(ada, Verb::ask_friend);
  act(ben, Verb::follow);
  EXPECT_TRUE(seen_by(ada).friend_);
}

TEST_F(PairOf, FollowingSomebodyOpenWhoAskedGrantsThemNothing) {
  act(ada, Verb::follow);
  act(ben, Verb::follow, false);
  EXPECT_FALSE(seen_by(ada).friend_);
  EXPECT_FALSE(seen_by(ada).following);
  EXPECT_TRUE(seen_by(ben).following);
}

TEST_F(PairOf, AcceptingWithoutAnAskIsNotFound) { EXPECT_THROW(act(ben, Verb::accept), Error); }

TEST_F(PairOf, UnfollowingAFriendEndsTheFriendshipForBoth) {
  act(ada, Verb::follow);
  act(ben, Verb::accept);
  act(ben, Verb::close);
  act(ada, Verb::unfollow);
  EXPECT_TRUE(ties_of(pair).empty());
}

TEST_F(PairOf, SeeingLessOfAFriendKeepsTheFriendship) {
  act(ada, Verb::follow);
  act(ben, Verb::accept);
  act(ada, Verb::see_less);
  EXPECT_TRUE(seen_by(ada).friend_);
  EXPECT_FALSE(seen_by(ada).following);
  EXPECT_TRUE(seen_by(ben).following);
}

TEST_F(PairOf, ABlockEndsEverythingElseAndForbidsAsks) {
  act(ada, Verb::follow);
  act(ben, Verb::accept);
  act(ada, Verb::add_to_list, true, ListId{7});
  act(ada, Verb::block);
  auto const left = ties_of(pair);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].kind, TieKind::blocking);
  EXPECT_THROW(act(ben, Verb::follow, false), Error);
  EXPECT_THROW(act(ada, Verb::follow, false), Error);
  act(ada, Verb::unblock);
  act(ben, Verb::follow, false);
  EXPECT_TRUE(seen_by(ben).following);
}

TEST_F(PairOf, OnlyAFriendCanBeClose) {
  EXPECT_THROW(act(ada, Verb::close), Error);
  act(ada, Verb::follow);
  act(ben, Verb::accept);
  act(ada, Verb::close);
  EXPECT_TRUE(judged_of(pair, ben, ada, {}, Time{Duration{1}}).close);
  EXPECT_FALSE(judged_of(pair, ada, ben, {}, Time{Duration{1}}).close);
}

TEST_F(PairOf, BeingToldOfPostsBeginsWithTheFollowAndEndsWithIt) {
  auto const told = [&] { return std::ranges::count(ties_of(pair), TieKind::notifies, &Cause::kind); };
  act(ada, Verb::follow, true, {}, true);
  EXPECT_EQ(told(), 0) << "it is only asked";
  EXPECT_TRUE(seen_by(ada).notify);
  act(ben, Verb::accept);
  EXPECT_EQ(told(), 1);
  act(ada, Verb::follow, true, {}, false);
  EXPECT_EQ(told(), 0);
  act(ada, Verb::follow, true, {}, true);
  act(ada, Verb::see_less);
  EXPECT_EQ(told(), 0);
  EXPECT_FALSE(seen_by(ada).notify);
}

TEST_F(PairOf, AMuteEndsByItself) {
  FreshTies const fresh{TieId{1}, TieId{2}, TieId{3}, TieId{4}};
  Act const mute{.other = ben, .verb = Verb::mute, .mute_until = Time{std::chrono::seconds{60}}};
  pair = next(pair, ada, mute, true, fresh).pair;
  EXPECT_TRUE(relationship_of(&pair, ada, ben, Time{std::chrono::seconds{59}}).muting);
  EXPECT_FALSE(relationship_of(&pair, ada, ben, Time{std::chrono::seconds{60}}).muting);
}

TEST_F(PairOf, MembershipOfAListIsTheOwnersSide) {
  act(ada, Verb::follow, false);
  act(ada, Verb::add_to_list, true, ListId{7});
  EXPECT_TRUE(judged_of(pair, ben, ada, ListId{7}, Time{Duration{1}}).in_list);
  EXPECT_FALSE(judged_of(pair, ada, ben, ListId{7}, Time{Duration{1}}).in_list);
  act(ada, Verb::unfollow);
  EXPECT_FALSE(judged_of(pair, ben, ada, ListId{7}, Time{Duration{1}}).in_list);
}

// Whatever two people do: the causes of an act are exactly the difference of the ties before and
// after, friends can only be ended together with what builds on friendship, and blocks are alone.
TEST_F(PairOf, AnySequenceOfActsKeepsTheInvariants) {
  std::mt19937_64 random(7);
  for (int step = 0; step < 20'000; ++step) {
    Pair const before = pair;
    auto const verb = static_cast<Verb>(1 + random() % 16);
    try {
      std::optional<bool> const notify = random() % 3 == 0 ? std::optional(random() % 2 == 0) : std::nullopt;
      act(random() % 2 ? ada : ben, verb, random() % 2, ListId{1 + random() % 3}, notify);
    } catch (Error const&) {
      EXPECT_EQ(pair, before);
      continue;
    }
    auto const now = ties_of(pair);
    for (Cause const& cause : causes) EXPECT_NE(names(before, cause), names(pair, cause));
    for (Cause const& tie : now) {
      bool const noted = std::ranges::find(causes, tie) != causes.end();
      EXPECT_EQ(noted, !names(before, tie));
    }
    if (pair.lo_side.block || pair.hi_side.block) {
      EXPECT_FALSE(pair.friend_ || pair.lo_side.follow || pair.hi_side.follow || pair.lo_side.request ||
                   pair.hi_side.request);
    }
    if (pair.lo_side.close || pair.hi_side.close) {
      EXPECT_TRUE(pair.friend_);
    }
    EXPECT_FALSE(pair.friend_ && (pair.lo_side.request || pair.hi_side.request));
  }
}

}  // namespace
}  // namespace kith::graph
