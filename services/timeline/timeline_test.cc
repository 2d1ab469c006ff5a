#include "services/timeline/timeline.h"

#include <gmock/gmock.h>

#include "services/timeline/whole_fixture.h"

namespace kith::timeline {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class TimelineTest : public WholeCommunity {
 protected:
  using WholeCommunity::WholeCommunity;

  Reason reason_of(AccountId who, PostId post) {
    auto const page = home_page(who);
    for (std::size_t i = 0; i < page.page.statuses.size(); ++i)
      if (page.page.statuses[i].facts.post == post) return page.reasons[i].reasons.front();
    return Reason::unspecified;
  }
  ListId list_of(AccountId who, graph::RepliesPolicy replies = graph::RepliesPolicy::list) {
    return world.run(graph->save_list(as(who), {.title = "a list", .replies = replies})).id;
  }
  std::vector<PostId> listed(AccountId who, ListId list) {
    return posts_of(world.run(timeline->listed(as(who), {.limit = 20, .list = list})));
  }
  std::vector<PostId> tagged(std::string tag) {
    return posts_of(world.run(timeline->tagged({}, {.limit = 20, .tag = std::move(tag)})));
  }
};

TEST_F(TimelineTest, HomeHasTheNewestFirstAndSaysWhy) {
  befriend(ada, ben);
  home(ada);
  PostId const own = write(ada, "mine");
  PostId const theirs = write(ben, "Ben's", posts::Rule::friends);
  PostId const shared = share(ben, own);
  PostId const stranger = write(cleo, "a stranger's");
  world.settle();
  EXPECT_THAT(home(ada), Not(Contains(stranger)));
  EXPECT_THAT(home(ada), Contains(theirs));
  EXPECT_EQ(home(ada).back(), own);
  EXPECT_EQ(reason_of(ada, own), Reason::own);
  EXPECT_EQ(reason_of(ada, theirs), Reason::friend_posted);
  EXPECT_THAT(home(ada), Not(Contains(shared)));  // one's own post, shared by somebody else, is no news
}

TEST_F(TimelineTest, OnesOwnPostIsThereAtOnce) {
  home(ada);
  PostId const post = write(ada, "now");
  EXPECT_THAT(home(ada), ElementsAre(post));  // before anything settled
}

class FanOutTest : public TimelineTest {
 protected:
  FanOutTest() : TimelineTest(Timeline::Settings{.fanout_at_once = 3}) {}
};

TEST_F(FanOutTest, GoesOnInPartsThatMayBeDoneByDifferentProcesses) {
  AccountId const author = person("dora", Role::user, false);
  std::vector<AccountId> readers;
  for (int i = 0; i < 11; ++i) {
    readers.push_back(person("reader" + std::to_string(i)));
    act(readers.back(), graph::Verb::follow, author);
    world.run(timeline->follow_tag(as(readers.back()), {.name = "parts", .follow = true}));
    home(readers.back());
  }
  world.settle();
  PostId const followed = write(author, "to eleven");
  PostId const tagged = write(cleo, "to whoever follows #parts");
  world.settle();
  for (AccountId const reader : readers) EXPECT_THAT(home(reader), ElementsAre(tagged, followed));
  // Events of one key are done one after the other.
  EXPECT_NE((FanoutContinued{.post = followed, .part = 1}.event_key()),
            (FanoutContinued{.post = followed, .part = 2}.event_key()));
}

TEST_F(TimelineTest, ThePublicTimelineHasEachPostOnceFromTheFirstPageToTheLast) {
  std::vector<PostId> written;
  for (int i = 0; i < 110; ++i) {
    written.insert(written.begin(), write(i % 2 == 0 ? ada : ben, "post " + std::to_string(i)));
    ASSERT_EQ(posts_of(world.run(timeline->public_({}, {.limit = 1}))).front(), written.front());
  }
  std::vector<PostId> read;
  for (PageRequest request{.limit = 33};;) {
    auto const page = world.run(timeline->public_(as(cleo), request));
    for (PostId const post : posts_of(page)) read.push_back(post);
    if (!page.more) break;
    request.max = page.last;
  }
  EXPECT_EQ(read, written);
}

TEST_F(TimelineTest, UnfollowingHidesAtOnceAndFollowingFetchesTheLatest) {
  PostId const before = write(ben, "before you knew me");
  home(ada);
  befriend(ada, ben);
  world.settle();
  PostId const after = write(ben, "hello friend");
  world.settle();
  EXPECT_THAT(home(ada), ElementsAre(after, before));
  act(ada, graph::Verb::unfriend, ben);
  EXPECT_THAT(home(ada), IsEmpty());
}

TEST_F(TimelineTest, WhoWasAwayFindsTheirFeedComplete) {
  befriend(ada, ben);
  home(ada);
  PostId const one = write(ben, "one");
  world.settle();
  world.advance(std::chrono::days{10});
  PostId const two = write(ben, "two");  // not fanned out: she did not come for days
  world.settle();
  EXPECT_THAT(home(ada), ElementsAre(two, one));
  world.advance(std::chrono::minutes{1});  // the second pass finds nothing to do
  EXPECT_THAT(home(ada), ElementsAre(two, one));
}

TEST_F(TimelineTest, AShareHidesBelowWhatItShares) {
  befriend(ada, ben);
  befriend(ada, cleo);
  home(ada);
  PostId const post = write(ben, "worth sharing");
  PostId const first = share(cleo, post);
  world.settle();
  auto const shown = home(ada);
  EXPECT_THAT(shown, SizeIs(2));  // the original stays where it is
  EXPECT_EQ(shown.front(), first);
  auto const dan = person("dan");
  befriend(ada, dan);
  PostId const again = share(dan, post);
  world.settle();
  EXPECT_THAT(home(ada), ElementsAre(again, post));  // one share of it is enough
}

TEST_F(TimelineTest, MutedPeopleAndHiddenSharesStayOut) {
  befriend(ada, ben);
  home(ada);
  PostId const post = write(ben, "hm");
  PostId const shared = share(ben, write(cleo, "x"));
  world.settle();
  world.run(graph->perform(as(ada), {.other = ben, .verb = graph::Verb::follow, .show_shares = false}));
  EXPECT_THAT(home(ada), Not(Contains(shared)));
  EXPECT_THAT(home(ada), Contains(post));
  act(ada, graph::Verb::mute, ben);
  EXPECT_THAT(home(ada), IsEmpty());
}

TEST_F(TimelineTest, PagesGoDownAndUpWithoutLossOrDouble) {
  home(ada);
  std::vector<PostId> all;
  for (int i = 0; i < 9; ++i) all.insert(all.begin(), write(ada, std::to_string(i)));
  auto const first = home_page(ada, {.limit = 4});
  EXPECT_TRUE(first.more);
  EXPECT_EQ(posts_of(first), std::vector(all.begin(), all.begin() + 4));
  EXPECT_EQ(home(ada, {.max = first.last, .limit = 4}), std::vector(all.begin() + 4, all.begin() + 8));
  auto const last = home_page(ada, {.max = all[7], .limit = 4});
  EXPECT_EQ(posts_of(last), std::vector(all.begin() + 8, all.end()));
  EXPECT_FALSE(last.more);
  EXPECT_EQ(home(ada, {.since = all[2], .limit = 4}), std::vector(all.begin(), all.begin() + 2));
  EXPECT_EQ(home(ada, {.min = all[5], .limit = 3}), std::vector(all.begin() + 2, all.begin() + 5));
}

TEST_F(TimelineTest, HiddenEntriesNeverEndAPage) {
  home(ada);
  PostId const oldest = write(ada, "still here");
  std::vector<PostId> gone;
  for (int i = 0; i < 40; ++i) gone.push_back(write(ada, std::to_string(i)));
  for (PostId const post : gone) world.run(posts->delete_(as(ada), {.post = post}));
  world.settle();
  std::vector<PostId> found;
  PageRequest request{.limit = 2};
  for (int page = 0; page < 5; ++page) {
    auto const got = home_page(ada, request);
    for (PostId const post : posts_of(got)) found.push_back(post);
    if (!got.more) break;
    request.max = got.last;
  }
  EXPECT_THAT(found, ElementsAre(oldest));
}

TEST_F(TimelineTest, AListShowsItsMembersAndTheirAnswersAsItSays) {
  befriend(ada, ben);
  befriend(ben, cleo);
  ListId const none = list_of(ada, graph::RepliesPolicy::none);
  ListId const all = list_of(ada, graph::RepliesPolicy::followed);
  act(ada, graph::Verb::add_to_list, ben, none);
  act(ada, graph::Verb::add_to_list, ben, all);
  world.settle();
  PostId const post = write(ben, "for the list");
  PostId const theirs = write(cleo, "a question");
  PostId const said = answer(ben, theirs);
  world.settle();
  EXPECT_THAT(listed(ada, none), ElementsAre(post));
  EXPECT_THAT(listed(ada, all), Contains(post));
  EXPECT_THAT(listed(ada, none), Not(Contains(said)));
  act(ada, graph::Verb::remove_from_list, ben, none);
  EXPECT_THAT(listed(ada, none), IsEmpty());
  EXPECT_EQ(refused(timeline->listed(as(cleo), {.limit = 20, .list = all})), Code::not_found);
}

TEST_F(TimelineTest, AFollowedTagBringsPublicPostsOfAnybody) {
  home(ada);
  world.run(timeline->follow_tag(as(ada), {.name = "kith", .follow = true}));
  PostId const post = write(cleo, "about #Kith");
  PostId const closed = write(cleo, "#kith among friends", posts::Rule::friends);
  world.settle();
  EXPECT_THAT(home(ada), ElementsAre(post));
  EXPECT_EQ(reason_of(ada, post), Reason::followed_tag);
  EXPECT_THAT(tagged("kith"), ElementsAre(post));
  EXPECT_THAT(home(ada), Not(Contains(closed)));
  world.run(timeline->follow_tag(as(ada), {.name = "kith", .follow = false}));
  PostId const later = write(cleo, "more #kith");
  world.settle();
  EXPECT_THAT(home(ada), Not(Contains(later)));
  EXPECT_THAT(tagged("kith"), ElementsAre(later, post));
}

TEST_F(TimelineTest, ThePublicTimelineHasPublicPostsAndNoAnswers) {
  PostId const open = write(ada, "to all");
  write(ada, "to some", posts::Rule::friends);
  write(ada, "quietly", posts::Rule::unlisted);
  answer(ben, open);
  world.settle();
  EXPECT_THAT(posts_of(world.run(timeline->public_({}, {.limit = 20}))), ElementsAre(open));
  world.run(posts->edit(as(ada), {.post = open, .audience = posts::Audience{.rule = posts::Rule::friends}}));
  EXPECT_THAT(posts_of(world.run(timeline->public_({}, {.limit = 20}))), IsEmpty());
}

// Famous from two followers on.
class FamousTest : public TimelineTest {
 protected:
  FamousTest() : TimelineTest({.famous_from = 2, .famous_until = 1}) {}
};

TEST_F(FamousTest, AFamousAuthorIsMergedWhenItIsRead) {
  befriend(ada, ben);
  befriend(cleo, ben);
  home(ada);
  world.advance(std::chrono::minutes{1});  // her return is through, which fetches everybody's posts
  PostId const own = write(ada, "mine");
  PostId const post = write(ben, "from a star");
  world.settle();
  world.advance(std::chrono::seconds{11});  // who is famous may be ten seconds old
  EXPECT_THAT(home(ada), ElementsAre(post, own));
  EXPECT_EQ(reason_of(ada, post), Reason::famous);
  act(ada, graph::Verb::unfriend, ben);
  EXPECT_THAT(home(ada), ElementsAre(own));
}

// What was written while its author was famous is in nobody's feed.
TEST_F(FamousTest, WhatAFamousAuthorWroteStaysWhenTheFameIsOver) {
  befriend(ada, ben);
  befriend(cleo, ben);
  home(ada);
  world.advance(std::chrono::minutes{1});
  PostId const famous = write(ben, "from a star");
  world.settle();
  act(ada, graph::Verb::see_less, ben);
  act(cleo, graph::Verb::unfriend, ben);
  world.settle();
  PostId const later = write(ben, "from nobody special");
  world.settle();
  act(ada, graph::Verb::follow, ben);
  world.advance(std::chrono::seconds{11});
  EXPECT_THAT(home(ada), ElementsAre(later, famous));
}

TEST_F(TimelineTest, AWidenedAudienceReachesThoseWhoMaySeeItNow) {
  befriend(ada, ben);
  act(cleo, graph::Verb::follow, ada);
  act(ada, graph::Verb::accept, cleo);
  home(ben);
  home(cleo);
  world.advance(std::chrono::minutes{1});
  auto const only_me = posts::NewPost{.text = "for me", .audience = {.rule = posts::Rule::only_me}};
  PostId const post = write(ada, only_me);
  world.settle();
  EXPECT_THAT(home(cleo), testing::IsEmpty());
  world.run(posts->edit(as(ada), {.post = post, .audience = posts::Audience{.rule = posts::Rule::public_}}));
  world.settle();
  EXPECT_THAT(home(cleo), ElementsAre(post));
  EXPECT_THAT(home(ben), ElementsAre(post));
}

TEST_F(TimelineTest, ALinkHasThePublicPostsThatHoldIt) {
  auto const linked = [&](AccountId who, std::string link) {
    return posts_of(world.run(timeline->linked(as(who), {.limit = 20, .link = std::move(link)})));
  };
  PostId const post = write(ada, "see https://News.example/Story#top and again https://news.example/Story");
  PostId const friends = write(ben, "https://news.example/Story", posts::Rule::friends);
  PostId const again = write(cleo, "https://news.example/Story too");
  write(ben, "https://news.example/story");
  world.settle();
  EXPECT_THAT(linked(cleo, "https://news.example/Story"), ElementsAre(again, post));
  EXPECT_THAT(linked(ben, "https://news.example/Story"), Not(Contains(friends)));
  EXPECT_THAT(linked(cleo, "https://news.example/other"), IsEmpty());
  world.run(posts->delete_(as(ada), {.post = post}));
  EXPECT_THAT(linked(cleo, "https://news.example/Story"), Not(Contains(post)));
}

}  // namespace
}  // namespace kith::timeline
