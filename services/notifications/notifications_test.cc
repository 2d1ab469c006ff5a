#include "services/notifications/notifications.h"

#include <gmock/gmock.h>

#include "services/timeline/whole_fixture.h"

namespace kith::notifications {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class NotificationsTest : public WholeCommunity {
 protected:
  NotificationPage page(AccountId who, PageRequest request = {}) {
    if (request.limit == 0) request.limit = 20;
    return world.run(notifications->page(as(who), std::move(request)));
  }
  std::vector<Kind> kinds(AccountId who, PageRequest request = {}) {
    std::vector<Kind> kinds;
    for (Item const& item : page(who, std::move(request)).items) kinds.push_back(item.kind);
    return kinds;
  }
};

TEST_F(NotificationsTest, EveryKindIsToldOnce) {
  PostId const post = write(ada, "hello");
  act(ben, graph::Verb::follow, ada);
  world.settle();
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::asked));
  react(ben, post);
  answer(ben, post);
  share(ben, post);
  write(ben, posts::NewPost{.text = "indeed", .audience = {.rule = posts::Rule::public_}, .quoted = post});
  write(cleo, "hello @ada");
  world.settle();
  EXPECT_THAT(kinds(ada),
              ElementsAre(Kind::mention, Kind::quoted, Kind::shared, Kind::mention, Kind::reacted, Kind::asked));
  act(ada, graph::Verb::accept, ben);
  world.settle();
  EXPECT_THAT(kinds(ben), ElementsAre(Kind::followed));  // it was accepted
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::mention, Kind::quoted, Kind::shared, Kind::mention, Kind::reacted));
  EXPECT_THAT(kinds(cleo), IsEmpty());
}

TEST_F(NotificationsTest, AFollowOfAnOpenAccountIsTold) {
  AccountId const open = person("open", Role::user, false);
  act(ben, graph::Verb::follow, open);
  world.settle();
  EXPECT_THAT(kinds(open), ElementsAre(Kind::followed));
  act(ben, graph::Verb::unfollow, open);
  world.settle();
  EXPECT_THAT(kinds(open), IsEmpty());
}

TEST_F(NotificationsTest, NobodyIsToldOfWhatTheyDoThemselves) {
  PostId const post = write(ada, "me, @ada");
  react(ada, post);
  answer(ada, post);
  world.settle();
  EXPECT_THAT(kinds(ada), IsEmpty());
}

TEST_F(NotificationsTest, WhatIsTakenBackIsGone) {
  PostId const post = write(ada, "hello");
  react(ben, post);
  PostId const said = answer(ben, post);
  world.settle();
  ASSERT_THAT(kinds(ada), SizeIs(2));
  react(ben, post, true);
  world.run(posts->delete_(as(ben), {.post = said}));
  world.settle();
  EXPECT_THAT(kinds(ada), IsEmpty());
}

TEST_F(NotificationsTest, DismissedAndClearedStayAway) {
  PostId const post = write(ada, "hello");
  react(ben, post);
  react(cleo, post);
  world.settle();
  auto const all = page(ada).items;
  ASSERT_THAT(all, SizeIs(2));
  world.run(notifications->dismiss(as(ada), {.id = all[0].id}));
  EXPECT_THAT(page(ada).items, ElementsAre(all[1]));
  EXPECT_EQ(refused(notifications->get(as(ada), {.id = all[0].id})), Code::not_found);
  EXPECT_EQ(world.run(notifications->get(as(ada), {.id = all[1].id})), all[1]);
  EXPECT_EQ(refused(notifications->get(as(ben), {.id = all[1].id})), Code::not_found);
  world.run(notifications->clear(as(ada)));
  EXPECT_THAT(kinds(ada), IsEmpty());
  answer(ben, post);
  world.settle();
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::mention));
}

TEST_F(NotificationsTest, AMutedThreadIsQuiet) {
  PostId const post = write(ada, "hello");
  answer(ben, post);
  world.settle();
  world.run(posts->mute_thread(as(ada), {.post = post, .on = true}));
  answer(cleo, post);
  world.settle();
  EXPECT_THAT(kinds(ada), IsEmpty());
  world.run(posts->mute_thread(as(ada), {.post = post, .on = false}));
  EXPECT_THAT(kinds(ada), SizeIs(2));
}

TEST_F(NotificationsTest, BlockedAndMutedPeopleAreNotHeard) {
  PostId const post = write(ada, "hello");
  react(ben, post);
  react(cleo, post);
  world.settle();
  act(ada, graph::Verb::block, ben);
  EXPECT_THAT(kinds(ada), SizeIs(1));
  world.run(graph->perform(as(ada), {.other = cleo, .verb = graph::Verb::mute, .mute_notifications = true}));
  EXPECT_THAT(kinds(ada), IsEmpty());
}

TEST_F(NotificationsTest, PagesKindsAndCountsAgree) {
  PostId const post = write(ada, "hello");
  for (int i = 0; i < 5; ++i) answer(ben, post);
  react(cleo, post);
  world.settle();
  auto const first = page(ada, {.limit = 4});
  EXPECT_THAT(first.items, SizeIs(4));
  EXPECT_TRUE(first.more);
  auto const rest = page(ada, {.max = first.last, .limit = 4});
  EXPECT_THAT(rest.items, SizeIs(2));
  EXPECT_FALSE(rest.more);
  EXPECT_THAT(kinds(ada, {.kinds = {Kind::reacted}}), ElementsAre(Kind::reacted));
  EXPECT_THAT(kinds(ada, {.without = {Kind::mention}}), ElementsAre(Kind::reacted));
  EXPECT_EQ(world.run(notifications->unread(as(ada), {.limit = 100})).count, 6u);
  EXPECT_EQ(world.run(notifications->unread(as(ada), {.limit = 100, .since = first.items[1].id})).count, 1u);
}

}  // namespace
}  // namespace kith::notifications
