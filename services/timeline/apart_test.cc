// Timeline, what it asks and their tables on machines of their own: the same pages, and what they cost.

#include <gmock/gmock.h>

#include "ports/rpc/loopback.h"
#include "services/timeline/whole_fixture.h"

namespace kith::timeline {
namespace {

using testing::ElementsAre;

// What roles ask each other, by bytes, and what was asked.
class CountedChannel final : public Channel {
 public:
  Task<std::string> call(Call call, RpcMethod method, std::string request) override {
    calls.emplace_back(method.name);
    return loopback_.call(call, method, std::move(request));
  }

  Methods methods;
  std::vector<std::string> calls;

 private:
  Loopback loopback_{methods};
};

// Timeline and what it asks as two roles, each journey to the tables a millisecond.
struct RolesApart {
  RolesApart(TestWorld& world, Timeline::Settings settings = {})
      : below(world, std::chrono::milliseconds{1}),
        graph(channel),
        posts(channel),
        pages(channel),
        own({below.tables, world.time, world.log(), graph, posts, pages, settings}),
        timeline(channel) {
    serve(below.graph, channel.methods);
    serve(below.posts, channel.methods);
    serve(below.pages, channel.methods);
    serve(own, channel.methods);
  }

  DistantServices below;
  CountedChannel channel;
  graph::RemoteGraph graph;
  posts::RemotePosts posts;
  pages::RemotePages pages;
  Timeline own;
  RemoteTimeline timeline;  // as the gateway asks it
};

class ApartTest : public WholeCommunity {
 protected:
  using WholeCommunity::WholeCommunity;
};

// Where the tables are on another machine, a page costs journeys, and they do not grow with the page.
TEST_F(ApartTest, HomeIsTheSamePageInFewJourneys) {
  ListId const list = world.run(graph->save_list(as(ben), {.title = "some"})).id;
  befriend(ada, ben);
  act(ben, graph::Verb::add_to_list, ada, list);
  home(ada);
  PostId const own = write(ada, "mine");
  write(ben, "for friends", posts::Rule::friends);
  write(ben, posts::NewPost{.text = "for some", .audience = {.rule = posts::Rule::list, .list = list}});
  write(ben, "for friends of friends", posts::Rule::friends_of_friends);
  for (int i = 0; i < 4; ++i) {
    AccountId const author = person("p" + std::to_string(i), Role::user, false);
    befriend(author, ada);
    PostId const post = write(author, "post");
    react(ada, post);
    world.run(reactions->set_bookmark(as(ada), {.post = post, .on = true}));
    world.run(posts->mute_thread(as(ada), {.post = post, .on = true}));
    answer(ben, post);
    share(author, write(cleo, posts::NewPost{.text = "a quote", .quoted = own}));
    share(ada, post);
  }
  world.settle();
  auto const near = home_page(ada);

  RolesApart far(world);
  auto const read = [&](std::uint32_t limit) { return world.run(far.timeline.home(as(ada), {.limit = limit})); };
  EXPECT_EQ(read(20), near);  // the first also learns who is famous
  Duration const before = world.time.monotonic();
  EXPECT_EQ(read(20), near);
  EXPECT_GE(near.page.statuses.size(), 15u);
  // What the usual page takes; roots and what is quoted; ties that only these name, lists; what stands beside them.
  EXPECT_LE(world.time.monotonic() - before, std::chrono::milliseconds{8});
}

// Behind the token's: one journey for the feed, one for all that it names. The third call is the check of the token.
TEST_F(ApartTest, AUsualHomePageIsTwoCallsAndTwoJourneysHoweverLong) {
  for (int i = 0; i < 6; ++i) {
    AccountId const author = person("p" + std::to_string(i), Role::user, false);
    befriend(author, ada);
    if (i == 0) home(ada);
    PostId const post = write(author, "for friends", posts::Rule::friends);
    react(ada, post);
    world.run(reactions->set_bookmark(as(ada), {.post = post, .on = true}));
    world.run(posts->mute_thread(as(ada), {.post = write(author, "everybody"), .on = true}));
    world.run(posts->pin(as(ada), {.post = write(ada, "mine"), .on = i < 3}));
    share(author, write(cleo, "shared"));
    world.run(posts->share(as(ada), {.post = write(author, "shared by the reader")}));
  }
  world.settle();
  RolesApart far(world);
  world.run(far.timeline.home(as(ada), {.limit = 1}));  // learns who is famous
  for (std::uint32_t const limit : {5u, 20u, 30u}) {
    auto const near = home_page(ada, {.limit = limit});
    far.channel.calls.clear();
    Duration const before = world.time.monotonic();
    EXPECT_EQ(world.run(far.timeline.home(as(ada), {.limit = limit})), near);
    EXPECT_EQ(near.page.statuses.size(), limit);
    EXPECT_THAT(far.channel.calls, ElementsAre("kith.timeline.Timeline/Home", "kith.pages.Pages/Statuses"));
    EXPECT_LE(world.time.monotonic() - before, std::chrono::milliseconds{2});
  }
}

// What hides takes a further scan, and its page joins the first.
TEST_F(ApartTest, APageOfSeveralScansHasEachAccountOnce) {
  befriend(ada, ben);
  befriend(ada, cleo);
  home(ada);
  PostId const oldest = write(cleo, "1");
  PostId const older = write(ben, "2");
  for (int i = 0; i < 12; ++i) world.run(posts->delete_(as(ben), {.post = write(ben, "gone")}));
  PostId const newest = share(ben, write(person("dan"), "3"));
  world.settle();
  RolesApart far(world);
  auto const page = home_page(ada, {.limit = 3});
  EXPECT_EQ(world.run(far.timeline.home(as(ada), {.limit = 3})), page);
  EXPECT_THAT(posts_of(page), ElementsAre(newest, older, oldest));
  EXPECT_EQ(page.page.accounts.size(), 3u);  // of who shared, whom, and of the oldest
  for (auto const& status : page.page.statuses)
    EXPECT_EQ(page.page.accounts.at(status.author).account, status.facts.author);
}

// Who was away reads what was completed meanwhile, not what was there before.
TEST_F(ApartTest, WhoWasAwayFindsTheirFeedComplete) {
  befriend(ada, ben);
  home(ada);
  world.advance(std::chrono::days{5});
  PostId const post = write(ben, "while she was away");
  world.settle();
  RolesApart far(world);
  EXPECT_THAT(posts_of(world.run(far.timeline.home(as(ada), {.limit = 20}))), ElementsAre(post));
}

class FamousApartTest : public ApartTest {
 protected:
  FamousApartTest() : ApartTest({.famous_from = 2, .famous_until = 1}) {}
};

TEST_F(FamousApartTest, WhatTheFamousWroteIsMerged) {
  befriend(ada, ben);
  befriend(cleo, ben);
  home(ada);
  world.advance(std::chrono::minutes{1});  // her return is through, which fetches everybody's posts
  PostId const own = write(ada, "mine");
  PostId const post = write(ben, "from a star");
  world.settle();
  RolesApart far(world, {.famous_from = 2, .famous_until = 1});
  EXPECT_THAT(posts_of(world.run(far.timeline.home(as(ada), {.limit = 20}))), ElementsAre(post, own));
  act(ada, graph::Verb::unfriend, ben);
  EXPECT_THAT(posts_of(world.run(far.timeline.home(as(ada), {.limit = 20}))), ElementsAre(own));
}

}  // namespace
}  // namespace kith::timeline
