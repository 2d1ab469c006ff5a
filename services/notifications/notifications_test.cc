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
  void hold(AccountId who, PolicyChange change) { world.run(notifications->set_policy(as(who), change)); }
  std::vector<SenderItem> requests(AccountId who, SendersRequest request = {}) {
    if (request.limit == 0) request.limit = 20;
    return world.run(notifications->requests(as(who), request)).senders;
  }
  void erase(Notification::Key key) {
    std::vector<Notification::Key> keys(1, key);
    world.run(world.tables().erase<Notification>(std::move(keys), world.time.now().time_since_epoch().count()));
  }
  // Compares and heals all; how much differed.
  std::uint64_t rebuilt() {
    std::uint64_t found = 0;
    keeper::RebuildRequest request;
    for (;;) {
      auto const part = world.run(notifications->rebuild({}, request));
      found += part.differences.size();
      request.cursor = part.cursor;
      if (request.cursor.empty()) return found;
    }
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

TEST_F(NotificationsTest, EachPostIsToldToThoseWhoAskedForIt) {
  AccountId const open = person("open", Role::user, false);
  write(open, "before");
  world.run(graph->perform(as(ben), {.other = open, .verb = graph::Verb::follow, .notify = true}));
  act(cleo, graph::Verb::follow, open);
  PostId const post = write(open, "news");
  answer(open, post, "and more");
  answer(open, write(ada, "hm"), "this is for ada");
  PostId const named = write(open, "hello @ben");
  write(open, "for @ada", posts::Rule::direct);
  share(open, named);
  world.settle();
  EXPECT_THAT(kinds(ben), ElementsAre(Kind::mention, Kind::posted, Kind::posted));
  EXPECT_EQ(page(ben).items.back().post, post);
  EXPECT_THAT(kinds(cleo), IsEmpty());
  world.run(graph->perform(as(ben), {.other = open, .verb = graph::Verb::follow, .notify = false}));
  write(open, "more news");
  world.settle();
  EXPECT_THAT(kinds(ben, {.kinds = {Kind::posted}}), SizeIs(2));
  EXPECT_THAT(kinds(ben, {.without = {Kind::posted}}), ElementsAre(Kind::mention));
}

TEST_F(NotificationsTest, NobodyIsToldOfAPostTheyMayNotSee) {
  AccountId const open = person("open", Role::user, false);
  world.run(graph->perform(as(ben), {.other = open, .verb = graph::Verb::follow, .notify = true}));
  write(open, "for friends", posts::Rule::friends);
  PostId const narrowed = write(open, "for all");
  world.settle();
  EXPECT_THAT(kinds(ben), SizeIs(1));
  world.run(posts->edit(as(open), {.post = narrowed, .audience = posts::Audience{.rule = posts::Rule::friends}}));
  world.settle();
  EXPECT_THAT(kinds(ben), IsEmpty());
}

TEST_F(NotificationsTest, AnEditIsToldToThoseWhoSharedOrQuotedBefore) {
  PostId const post = write(ada, "first");
  share(ben, post);
  PostId const quote =
      write(cleo, posts::NewPost{.text = "indeed", .audience = {.rule = posts::Rule::public_}, .quoted = post});
  world.settle();
  world.run(posts->edit(as(ada), {.post = post, .text = "second"}));
  world.settle();
  auto const told = page(ben).items;
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].kind, Kind::edited);
  EXPECT_EQ(told[0].post, post);
  EXPECT_EQ(told[0].actor, ada);
  ASSERT_THAT(kinds(cleo), ElementsAre(Kind::quoted_edited));
  EXPECT_EQ(page(cleo).items[0].post, quote);

  AccountId const late = person("late");
  share(late, post);
  world.run(posts->edit(as(ada), {.post = post, .audience = posts::Audience{.rule = posts::Rule::unlisted}}));
  world.settle();
  EXPECT_THAT(kinds(late), IsEmpty()) << "the words are those they shared";
  EXPECT_THAT(page(ben).items, ElementsAre(told[0]));

  world.run(posts->edit(as(ada), {.post = post, .text = "third"}));
  world.settle();
  EXPECT_THAT(kinds(late), ElementsAre(Kind::edited));
  EXPECT_THAT(kinds(ben), ElementsAre(Kind::edited)) << "the newest edit stands for all";
  EXPECT_THAT(kinds(cleo), ElementsAre(Kind::quoted_edited));
  world.run(posts->edit(as(ada), {.post = post, .audience = posts::Audience{.rule = posts::Rule::friends}}));
  world.settle();
  EXPECT_THAT(kinds(ben), IsEmpty());
  EXPECT_THAT(kinds(cleo), IsEmpty());
}

TEST_F(NotificationsTest, MoreThanOnePartOfACircleIsTold) {
  AccountId const open = person("open", Role::user, false);
  std::vector<AccountId> people;
  for (std::size_t i = 0; i < told_at_once + 1; ++i) {
    people.push_back(person("p" + std::to_string(i)));
    world.run(graph->perform(as(people.back()), {.other = open, .verb = graph::Verb::follow, .notify = true}));
  }
  write(open, "news");
  world.settle();
  EXPECT_THAT(kinds(people.front()), ElementsAre(Kind::posted));
  EXPECT_THAT(kinds(people.back()), ElementsAre(Kind::posted));
}

TEST_F(NotificationsTest, WhatCirclesAreToldIsBuiltAnewFromTheTruth) {
  AccountId const open = person("open", Role::user, false);
  world.run(graph->perform(as(ben), {.other = open, .verb = graph::Verb::follow, .notify = true}));
  PostId const post = write(open, "news");
  share(cleo, post);
  world.settle();
  world.run(posts->edit(as(open), {.post = post, .text = "corrected"}));
  world.settle();
  auto const of_ben = page(ben).items;
  auto const of_cleo = page(cleo).items;
  ASSERT_THAT(of_ben, SizeIs(1));
  ASSERT_THAT(of_cleo, SizeIs(1));
  EXPECT_EQ(rebuilt(), 0u);
  world.time.advance(std::chrono::seconds{1});
  erase({ben, of_ben[0].id});
  erase({cleo, of_cleo[0].id});
  EXPECT_THAT(page(ben).items, IsEmpty());
  world.time.advance(std::chrono::seconds{1});
  EXPECT_EQ(rebuilt(), 2u);
  EXPECT_EQ(page(ben).items, of_ben);
  EXPECT_EQ(page(cleo).items, of_cleo);
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

TEST_F(NotificationsTest, OnlyWhatIsThereIsRememberedAsDismissed) {
  world.run(notifications->dismiss(as(ada), {.id = NotificationId{12345}}));
  Scan<Dismissed> const all{.partition = {ada}};
  EXPECT_THAT(world.run(world.tables().scan<Dismissed>(all)).rows, IsEmpty());
}

// Found by killing a server under load: whose post it was, was not known of a post that was hidden by then.
TEST_F(NotificationsTest, WhatIsTakenBackFromAPostOneSeesNoMoreIsGoneToo) {
  PostId const post = write(ada, "Open");
  react(ben, post);
  world.settle();
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::reacted));
  world.run(posts->edit(as(ada), {.post = post, .audience = posts::Audience{.rule = posts::Rule::only_me}}));
  world.run(reactions->react(as(ben), {.post = post, .remove = true}));
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

TEST_F(NotificationsTest, WhatHappenedBeforeAClearAndIsToldAfterItStaysAway) {
  PostId const post = write(ada, "hello");
  react(ben, post);
  world.run(notifications->clear(as(ada)));
  world.settle();
  EXPECT_THAT(kinds(ada), IsEmpty());
  react(cleo, post);
  world.settle();
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::reacted));
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

TEST_F(NotificationsTest, WhatThePolicyFiltersWaitsUntilItsSenderIsLetIn) {
  befriend(ada, ben);
  world.settle();
  world.run(notifications->clear(as(ada)));
  PostId const post = write(ada, "hello");
  react(ben, post);
  react(cleo, post);
  PostId const said = answer(cleo, post);
  world.settle();
  hold(ada, {.not_following = Hold::filter});
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::reacted));
  EXPECT_EQ(page(ada).items[0].actor, ben);
  EXPECT_THAT(page(ada, {.with_held = true}).items, SizeIs(3));
  EXPECT_EQ(world.run(notifications->unread(as(ada), {.limit = 100})).count, 1u);
  auto const waiting = requests(ada);
  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_EQ(waiting[0].sender, cleo);
  EXPECT_EQ(waiting[0].count, 2u);
  EXPECT_EQ(waiting[0].last_post, said);
  EXPECT_EQ(world.run(notifications->request(as(ada), {.sender = cleo})), waiting[0]);
  EXPECT_EQ(refused(notifications->request(as(ada), {.sender = ben})), Code::not_found);
  PolicyView const view = world.run(notifications->policy(as(ada)));
  EXPECT_EQ(view.requests, 1u);
  EXPECT_EQ(view.notifications, 2u);

  world.run(notifications->answer(as(ada), {.senders = {cleo}, .let_in = true}));
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::mention, Kind::reacted, Kind::reacted));
  EXPECT_THAT(requests(ada), IsEmpty());
}

TEST_F(NotificationsTest, WhoIsSentAwayMayComeAgain) {
  PostId const post = write(ada, "hello");
  react(cleo, post);
  world.settle();
  hold(ada, {.not_followers = Hold::filter});
  world.run(notifications->answer(as(ada), {.senders = {cleo}, .let_in = false}));
  EXPECT_THAT(requests(ada), IsEmpty());
  EXPECT_THAT(page(ada, {.with_held = true}).items, IsEmpty());
  answer(cleo, post);
  world.settle();
  EXPECT_THAT(kinds(ada), IsEmpty());
  ASSERT_THAT(requests(ada), SizeIs(1));
  EXPECT_EQ(requests(ada)[0].count, 1u);
  world.run(notifications->answer(as(ada), {.senders = {cleo}, .let_in = true}));
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::mention)) << "what was sent away stays away";
}

TEST_F(NotificationsTest, WhatThePolicyDropsIsNowhere) {
  PostId const post = write(ada, "hello");
  react(cleo, post);
  world.settle();
  hold(ada, {.not_following = Hold::filter, .new_accounts = Hold::drop});
  EXPECT_THAT(page(ada, {.with_held = true}).items, IsEmpty());
  EXPECT_THAT(requests(ada), IsEmpty());
  world.time.advance(std::chrono::days{31});
  EXPECT_THAT(requests(ada), SizeIs(1)) << "no new account any more";
  hold(ada, {.not_following = Hold::accept});
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::reacted));
}

TEST_F(NotificationsTest, OnlyMessagesThatWereNotAskedForAreHeldBack) {
  AccountId const open = person("open", Role::user, false);
  PostId const mine = write(ada, "a question for @cleo", posts::Rule::direct);
  write(cleo, "hello @ada");
  write(ben, "psst @ada", posts::Rule::direct);
  answer(cleo, mine, "an answer for @ada", posts::Rule::direct);
  act(ada, graph::Verb::follow, open);
  write(open, "from one she follows @ada", posts::Rule::direct);
  world.settle();
  hold(ada, {.private_mentions = Hold::filter});
  EXPECT_THAT(kinds(ada), SizeIs(3));
  ASSERT_THAT(requests(ada), SizeIs(1));
  EXPECT_EQ(requests(ada)[0].sender, ben);
}

TEST_F(NotificationsTest, WhatWasAskedForIsNeverHeldBack) {
  AccountId const open = person("open", Role::user, false);
  world.run(graph->perform(as(ada), {.other = open, .verb = graph::Verb::follow, .notify = true}));
  PostId const post = write(open, "news");
  share(ada, post);
  world.settle();
  world.run(posts->edit(as(open), {.post = post, .text = "corrected"}));
  world.settle();
  hold(ada, {.not_followers = Hold::drop, .new_accounts = Hold::drop});
  EXPECT_THAT(kinds(ada), ElementsAre(Kind::edited, Kind::posted));
}

TEST_F(NotificationsTest, RequestsArePagedByTheirSenders) {
  PostId const post = write(ada, "hello");
  std::vector<AccountId> people;
  for (int i = 0; i < 5; ++i) {
    people.push_back(person("p" + std::to_string(i)));
    react(people.back(), post);
  }
  world.settle();
  hold(ada, {.not_following = Hold::filter});
  auto const senders = [&](SendersRequest request) {
    std::vector<AccountId> found;
    for (SenderItem const& item : requests(ada, request)) found.push_back(item.sender);
    return found;
  };
  EXPECT_THAT(senders({.limit = 2}), ElementsAre(people[4], people[3]));
  EXPECT_THAT(senders({.max = people[3], .limit = 2}), ElementsAre(people[2], people[1]));
  EXPECT_THAT(senders({.since = people[1], .limit = 2}), ElementsAre(people[4], people[3]));
  EXPECT_THAT(senders({.min = people[1], .limit = 2}), ElementsAre(people[3], people[2]));
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
