#include "services/reactions/reactions.h"

#include <gmock/gmock.h>

#include "services/pages/community_fixture.h"

namespace kith::reactions {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReactionsTest : public Community {
 protected:
  ReactionFacts react(AccountId who, PostId post, Kind kind = Kind::like) {
    world.run(reactions->react(as(who), {.post = post, .kind = kind}));
    return facts(who, post);
  }
  ReactionFacts undo(AccountId who, PostId post) {
    world.run(reactions->react(as(who), {.post = post, .remove = true}));
    return facts(who, post);
  }
  ReactionFacts facts(AccountId viewer, PostId post) {
    return world.run(reactions->facts(as(viewer), {.posts = {post}})).posts.front();
  }
  std::vector<PostId> mine(AccountId who, OwnRequest request = {.limit = 40}) {
    return posts_of(world.run(reactions->mine(as(who), request)));
  }
  std::vector<PostId> marked(AccountId who, OwnRequest request = {.limit = 40}) {
    return posts_of(world.run(reactions->bookmarks(as(who), request)));
  }
  static std::vector<PostId> posts_of(OwnPage const& page) {
    std::vector<PostId> posts;
    for (auto const& item : page.items) posts.push_back(item.post);
    return posts;
  }
  void bookmark(AccountId who, PostId post, bool on = true) {
    world.run(reactions->set_bookmark(as(who), {.post = post, .on = on}));
  }
};

TEST_F(ReactionsTest, TheAnswerHasTheExactCount) {
  PostId const post = write(ada, "Like me");
  EXPECT_EQ(react(ben, post).total, 1u);
  EXPECT_EQ(react(cleo, post).total, 2u);
  EXPECT_EQ(react(ben, post).total, 2u);  // again: nothing
  auto const seen = facts(ben, post);
  EXPECT_EQ(seen.mine, Kind::like);
  ASSERT_EQ(seen.counts.size(), 1u);
  EXPECT_EQ(seen.counts[0].count, 2u);
  EXPECT_EQ(facts(ada, post).mine, Kind::unspecified);
  EXPECT_EQ(undo(ben, post).total, 1u);
  EXPECT_EQ(undo(ben, post).total, 1u);
  world.settle();
  EXPECT_EQ(facts(ada, post).total, 1u);
}

// Every check of a popular post would otherwise miss, and every edit conflict.
TEST_F(ReactionsTest, AReactionLeavesTheHeadOfThePostAsItIs) {
  PostId const post = write(ada, "Like me");
  world.settle();
  auto const before = world.run(world.tables().get<posts::Head>({post})).version();
  react(ben, post);
  world.settle();
  EXPECT_EQ(world.run(world.tables().get<posts::Head>({post})).version(), before);
}

TEST_F(ReactionsTest, AnotherKindReplacesTheFirst) {
  PostId const post = write(ada, "Funny?");
  react(ben, post, Kind::like);
  react(cleo, post, Kind::like);
  auto const seen = react(ben, post, Kind::laugh);
  EXPECT_EQ(seen.total, 2u);
  EXPECT_EQ(seen.mine, Kind::laugh);
  ASSERT_EQ(seen.counts.size(), 2u);
  EXPECT_EQ(seen.counts[1].kind, Kind::laugh);
  auto const own = world.run(reactions->mine(as(ben), {.limit = 10})).items;
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].kind, Kind::laugh);
  EXPECT_EQ(refused(reactions->react(as(ben), {.post = post, .kind = static_cast<Kind>(50)})), Code::invalid);
}

TEST_F(ReactionsTest, WhatMayNotBeSeenIsNotThere) {
  PostId const post = write(ada, "Friends", posts::Rule::friends);
  EXPECT_EQ(refused(reactions->react(as(ben), {.post = post})), Code::not_found);
  EXPECT_EQ(refused(reactions->set_bookmark(as(ben), {.post = post, .on = true})), Code::not_found);
  EXPECT_EQ(refused(reactions->people(as(ben), {.post = post})), Code::not_found);
  EXPECT_EQ(refused(reactions->react({}, {.post = post})), Code::unauthenticated);
}

TEST_F(ReactionsTest, WhatOneDidToAPostOneSeesNoMoreCanBeUndone) {
  PostId const post = write(ada, "Open");
  react(ben, post);
  bookmark(ben, post);
  world.run(posts->edit(as(ada), {.post = post, .audience = posts::Audience{.rule = posts::Rule::friends}}));
  EXPECT_EQ(undo(ben, post).total, 0u);
  bookmark(ben, post, false);
  EXPECT_EQ(refused(reactions->react(as(ben), {.post = post, .remove = true})), Code::not_found);
  EXPECT_THAT(mine(ben), IsEmpty());
  EXPECT_THAT(marked(ben), IsEmpty());
}

TEST_F(ReactionsTest, OnesOwnListIsRightInTheNextCall) {
  PostId const one = write(ada, "1");
  PostId const two = write(ada, "2");
  react(ben, two);
  react(ben, one);
  EXPECT_THAT(mine(ben), ElementsAre(one, two));  // by when, not by post
  undo(ben, two);
  EXPECT_THAT(mine(ben), ElementsAre(one));
  react(ben, two);
  EXPECT_THAT(mine(ben), ElementsAre(two, one));
  world.settle();
  EXPECT_THAT(mine(ben), ElementsAre(two, one));
  auto const newest = world.run(reactions->mine(as(ben), {.limit = 1}));
  EXPECT_TRUE(newest.more);
  EXPECT_THAT(mine(ben, {.max = newest.items[0].id, .limit = 5}), ElementsAre(one));
  EXPECT_THAT(mine(ben, {.min = newest.items[0].id, .limit = 5}), IsEmpty());
}

TEST_F(ReactionsTest, ALikeAfterAnUnlikeIsANewCause) {
  PostId const post = write(ada, "1");
  react(ben, post);
  auto const first = world.run(reactions->find({}, {.post = post, .person = ben})).id;
  undo(ben, post);
  EXPECT_EQ(world.run(reactions->find({}, {.post = post, .person = ben})).id, 0u);
  react(ben, post);
  EXPECT_NE(world.run(reactions->find({}, {.post = post, .person = ben})).id, first);
}

TEST_F(ReactionsTest, WhatIsDoneToAShareIsDoneToWhatItShares) {
  PostId const post = write(ada, "1");
  PostId const shared = share(cleo, post);
  react(ben, shared);
  bookmark(ben, shared);
  EXPECT_EQ(facts(ben, post).mine, Kind::like);
  EXPECT_TRUE(facts(ben, post).bookmarked);
}

TEST_F(ReactionsTest, BookmarksGoByWhenTheyWereMade) {
  PostId const one = write(ada, "1");
  PostId const two = write(ada, "2");
  bookmark(ben, two);
  bookmark(ben, one);
  bookmark(ben, one);
  EXPECT_THAT(marked(ben), ElementsAre(one, two));
  EXPECT_THAT(marked(cleo), IsEmpty());
  bookmark(ben, one, false);
  EXPECT_THAT(marked(ben), ElementsAre(two));
  auto const counts = world.run(world.tables().get<BookmarkCounts>({ben}));
  EXPECT_EQ(counts->bookmarks, 1u);
}

TEST_F(ReactionsTest, WhoReactedIsListedWithoutThoseABlockHides) {
  PostId const post = write(ada, "1");
  react(ben, post);
  react(cleo, post, Kind::wow);
  auto const who = [&](AccountId viewer, PeopleRequest request) {
    request.post = post;
    std::vector<AccountId> people;
    for (auto const& reactor : world.run(reactions->people(as(viewer), request)).people)
      people.push_back(reactor.person);
    return people;
  };
  EXPECT_THAT(who(ada, {.limit = 10}), ElementsAre(cleo, ben));
  EXPECT_THAT(who(ada, {.limit = 1}), ElementsAre(cleo));
  EXPECT_THAT(who(ada, {.max = cleo, .limit = 1}), ElementsAre(ben));
  act(ben, graph::Verb::block, cleo);
  EXPECT_THAT(who(cleo, {.limit = 10}), ElementsAre(cleo));
}

TEST_F(ReactionsTest, ReactionsGoWithTheirPost) {
  PostId const post = write(ada, "1");
  for (int i = 0; i < 50; ++i) react(person("p" + std::to_string(i)), post);
  react(ben, post);
  world.run(posts->delete_(as(ada), {.post = post}));
  world.settle();
  EXPECT_THAT(mine(ben), IsEmpty());
  EXPECT_EQ(facts(ada, post).total, 0u);
  Scan<Reaction> const left{.partition = {post}};
  EXPECT_THAT(world.run(world.tables().scan<Reaction>(left)).rows, IsEmpty());
}

}  // namespace
}  // namespace kith::reactions
