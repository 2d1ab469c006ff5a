// Every derived row, damaged on purpose: fsck names it, rebuild heals it, fsck is quiet again.

#include "app/keeper.h"

#include <gmock/gmock.h>

#include "ports/log/caught_up.h"
#include "services/timeline/whole_fixture.h"

namespace kith {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class KeeperTest : public WholeCommunity {
 protected:
  // A community with one of everything.
  KeeperTest() {
    befriend(ada, ben);
    home(ada);
    home(ben);
    list = world.run(graph->save_list(as(ada), {.title = "close ones"})).id;
    act(ada, graph::Verb::add_to_list, ben, list);
    post = write(ada, "about #kith");
    said = answer(ben, post);
    shared = share(ben, post);
    answer(cleo, post);  // who answers and does nothing else
    quote = write(cleo, posts::NewPost{.text = "see", .audience = {.rule = posts::Rule::public_}, .quoted = post});
    react(ben, post);
    world.run(reactions->set_bookmark(as(ben), {.post = post, .on = true}));
    world.run(timeline->follow_tag(as(cleo), {.name = "kith", .follow = true}));
    world.advance(std::chrono::minutes{1});
    later = write(ada, "a minute later");
    world.settle();
  }

  std::vector<Kept> kept() {
    return {{"users", step(*users)},         {"graph", step(*graph)},       {"posts", step(*posts)},
            {"reactions", step(*reactions)}, {"timeline", step(*timeline)}, {"notifications", step(*notifications)},
            {"search", step(*search)}};
  }
  template <class Service>
  static KeeperStep step(Service& service) {
    return [&service](keeper::RebuildRequest request) { return service.rebuild(Call{}, std::move(request)); };
  }
  std::vector<std::string> fsck() {
    std::vector<std::string> lines;
    for (Kept const& each : kept())
      for (std::string& line : world.run(differences(each.step, [this] { return caught_up(world.log()); })))
        lines.push_back(std::move(line));
    return lines;
  }
  void rebuild() {
    for (Kept const& each : kept()) world.run(rebuild_all(each.step));
    world.settle();
  }
  // Something was damaged: that is said, healed, and said no more.
  void heals(std::string const& said_of_it) {
    EXPECT_THAT(fsck(), Contains(HasSubstr(said_of_it)));
    rebuild();
    EXPECT_THAT(fsck(), IsEmpty()) << "after the damage: " << said_of_it;
  }

  template <class Row>
  void lose(typename Row::Key key) {
    Change change;
    change.erase<Row>(key);
    commit(std::move(change));
  }
  template <class Row>
  void make(Row row) {
    Change change;
    change.put(row);
    commit(std::move(change));
  }
  // As a disk loses it: without a trace that a later write would meet.
  template <class Row>
  void lose_wide(typename Row::Key key) {
    RowKey const row = Row::encode_key(key);
    EXPECT_EQ(world.rows.tables.at(row.table->number).cells.erase({row.partition, row.sort}), 1u);
  }
  void lose_feed(timeline::FeedEntry::Key key) { lose_wide<timeline::FeedEntry>(key); }
  template <class Row>
  Found<Row> read(typename Row::Key key) {
    return world.run(world.tables().get<Row>(std::move(key)));
  }
  TieId tie_of(AccountId person, graph::TieKind kind) {
    return world.run(graph->ties({}, {.person = person, .kind = kind, .limit = 1})).ties.front().tie;
  }

  ListId list;
  PostId post, said, shared, quote, later;
};

TEST_F(KeeperTest, WhatIsRightIsNotMentionedAndStaysAsItIs) {
  EXPECT_THAT(fsck(), IsEmpty());
  for (Kept const& each : kept()) EXPECT_EQ(world.run(rebuild_all(each.step)).healed, 0u) << each.name;
  EXPECT_THAT(fsck(), IsEmpty());
}

TEST_F(KeeperTest, OnlyTheServerItselfMayRebuild) {
  EXPECT_EQ(refused(graph->rebuild(as(ada, Role::admin), {})), Code::forbidden);
  EXPECT_EQ(refused(posts->rebuild(as(ada), {})), Code::forbidden);
  EXPECT_EQ(refused(posts->all(as(ada), {})), Code::forbidden);
  EXPECT_EQ(refused(posts->rebuild({}, {.cursor = "x"})), Code::invalid);
}

TEST_F(KeeperTest, Ties) {
  lose<graph::Tie>({ada, graph::TieKind::friend_, tie_of(ada, graph::TieKind::friend_)});
  heals("is missing");
  make(graph::Tie{.person = ada, .kind = graph::TieKind::follower, .tie = TieId{77}, .other = cleo});
  heals("follows from nothing");
  EXPECT_THAT(world.run(graph->ties({}, {.person = ada, .kind = graph::TieKind::follower, .limit = 9})).ties,
              SizeIs(1));
  graph::Tie wrong{.person = ada, .kind = graph::TieKind::follower, .tie = tie_of(ada, graph::TieKind::follower)};
  wrong.other = cleo;
  make(wrong);
  heals("names somebody else");
}

TEST_F(KeeperTest, CountsOfTies) {
  make(graph::TieCounts{.person = ada, .friends = 5});
  heals("counts of account");
  EXPECT_EQ(read<graph::TieCounts>({ada})->friends, 1u);
  lose<graph::TieCounts>({ben});
  heals("counts of account");
  EXPECT_EQ(read<graph::TieCounts>({ben})->followers, 1u);
}

TEST_F(KeeperTest, MembersOfLists) {
  lose<graph::ListMember>({list, ben});
  heals("is missing");
  make(graph::ListMember{.list = list, .member = cleo});
  heals("follows from nothing");
  make(graph::ListMember{.list = ListId{5}, .member = cleo});
  heals("follows from nothing");
}

TEST_F(KeeperTest, OwnLists) {
  lose<graph::OwnList>({ada, list});
  heals("is missing among those of account");
  EXPECT_THAT(world.run(graph->lists(as(ada), {})).lists, SizeIs(1));
  make(graph::OwnList{.person = ada, .list = ListId{5}});
  heals("claims list 5");
  EXPECT_THAT(world.run(graph->lists(as(ada), {})).lists, SizeIs(1));
}

TEST_F(KeeperTest, CountsOfWhatIsOnesOwn) {
  world.run(posts->save_draft(as(ada), {.post = {.text = "begun"}}));
  lose<posts::OwnCounts>({ada});
  heals("OwnCounts");
  EXPECT_EQ(read<posts::OwnCounts>({ada})->drafts, 1u);
  lose<reactions::BookmarkCounts>({ben});
  heals("BookmarkCounts");
  EXPECT_EQ(read<reactions::BookmarkCounts>({ben})->bookmarks, 1u);
}

TEST_F(KeeperTest, ListsOfAuthors) {
  lose<posts::AuthorPost>({ada, post});
  heals("the author's list entry");
  make(posts::AuthorPost{.author = ada, .post = PostId{99}});
  heals("which is not theirs");
  make(posts::AuthorCounts{.author = ada, .posts = 70});
  heals("AuthorCounts");
  EXPECT_EQ(counts(ada).posts, 2u);
  lose<posts::AuthorCounts>({ada});
  heals("AuthorCounts");
  EXPECT_EQ(counts(ada).last, later);
}

TEST_F(KeeperTest, AnswersThreadsQuotesAndTheirCounts) {
  lose<posts::Reply>({post, said});
  heals("the answer");
  lose<posts::ThreadPost>({post, said});
  heals("the place in a thread");
  lose<posts::Quote>({post, quote});
  heals("the quote");
  make(posts::Reply{.parent = later, .post = said, .author = ben});
  heals("follows from nothing");
  make(posts::PostCounts{.post = post, .replies = 9});
  heals("PostCounts");
  auto const right = read<posts::PostCounts>({post});
  EXPECT_EQ(right->replies, 2u);
  EXPECT_EQ(right->shares, 1u);
  EXPECT_EQ(right->quotes, 1u);
}

TEST_F(KeeperTest, AShareAndItsClaimAgree) {
  make(posts::Share{.target = later, .person = cleo, .share = PostId{world.ids.mint()}});
  world.advance(std::chrono::minutes{2});  // its request died, and so did the handler
  heals("claims to share");
  EXPECT_TRUE(facts(cleo, later).shared_by_me);
  EXPECT_EQ(read<posts::PostCounts>({later})->shares, 1u);
}

TEST_F(KeeperTest, ReactionsAndBookmarks) {
  auto const reaction = world.run(reactions->find({}, {.post = post, .person = ben})).id;
  lose<reactions::ReactionOf>({ben, ReactionId{reaction}});
  heals("lacks reaction");
  make(reactions::ReactionOf{.person = ben, .reaction = ReactionId{66}, .post = later});
  heals("which is not there");
  make(reactions::ReactionCounts{.post = post, .like = 4, .wow = 1});
  heals("ReactionCounts");
  EXPECT_EQ(read<reactions::ReactionCounts>({post})->like, 1u);
  auto const marked = read<reactions::Bookmark>({ben, post})->bookmark;
  lose<reactions::BookmarkById>({ben, marked});
  heals("lack post");
}

TEST_F(KeeperTest, FollowersOfTags) {
  lose<timeline::TagFollower>({"kith", cleo});
  heals("is missing among the followers of a tag");
  make(timeline::TagFollower{.name = "kith", .person = ben});
  heals("does not follow");
}

TEST_F(KeeperTest, Claims) {
  lose<users::Name>({"handle", "ada"});
  heals("the handle of account");
  EXPECT_EQ(world.run(users->by_handle({}, {.handles = {"ada"}})).accounts.front(), ada);
}

TEST_F(KeeperTest, Closeness) {
  lose_wide<graph::Weight>({ben, ada});
  auto const lines = fsck();
  EXPECT_THAT(lines, Contains(HasSubstr("lacks a reaction")));
  EXPECT_THAT(lines, Contains(HasSubstr("lacks an answer")));
  rebuild();
  EXPECT_THAT(fsck(), IsEmpty());
  EXPECT_GT(read<graph::Weight>({ben, ada})->closeness, 0u);
}

TEST_F(KeeperTest, NotificationsOfFollowsAndAsks) {
  act(cleo, graph::Verb::ask_friend, ada);
  world.settle();
  auto const lost = [&](AccountId person, AccountId holder, auto cause_in) {
    Found<graph::Pair> const pair = read<graph::Pair>({std::min(person, holder), std::max(person, holder)});
    graph::Side const& side = holder < person ? pair->lo_side : pair->hi_side;
    lose_wide<notifications::Notification>({person, NotificationId{(side.*cause_in).value}});
  };
  lost(ada, cleo, &graph::Side::request);
  heals("is not told that account " + to_string(cleo) + " asks it");
  AccountId const dora = person("dora", Role::user, false);
  act(cleo, graph::Verb::follow, dora);
  world.settle();
  lost(dora, cleo, &graph::Side::follow);
  heals("is not told that account " + to_string(cleo) + " follows it");
  // Of new friends, who accepted knows; who asked is told.
  act(ada, graph::Verb::accept, cleo);
  world.settle();
  EXPECT_THAT(fsck(), IsEmpty());
  lost(cleo, ada, &graph::Side::follow);
  heals("account " + to_string(cleo) + " is not told that account " + to_string(ada) + " follows it");
}

TEST_F(KeeperTest, FeedsOfLists) {
  lose_feed({list.value, said, timeline::Reason::commented});
  EXPECT_THAT(fsck(), IsEmpty()) << "an answer to somebody else is brought by no backfill";
  befriend(ada, cleo);
  act(ada, graph::Verb::add_to_list, cleo, list);
  world.settle();
  EXPECT_THAT(fsck(), IsEmpty());
  lose_feed({list.value, quote, timeline::Reason::followed_posted});
  heals("the feed of list " + to_string(list) + " lacks post " + to_string(quote));
}

TEST_F(KeeperTest, FeedsOfTags) {
  home(cleo);
  PostId const tagged = write(ben, "more about #kith");
  world.advance(std::chrono::minutes{1});
  world.settle();
  EXPECT_THAT(fsck(), IsEmpty());
  lose_feed({cleo.value, tagged, timeline::Reason::followed_tag});
  heals("lacks post " + to_string(tagged) + " of a followed tag");
}

TEST_F(KeeperTest, Famous) {
  make(timeline::Famous{.name = "famous", .author = cleo});
  heals("is not famous, but is listed so");
  auto state = *read<timeline::FeedState>({ada});
  state.famous_since = world.time.now();
  make(state);
  heals("account " + to_string(ada) + " is missing among the famous");
  EXPECT_TRUE(read<timeline::Famous>({"famous", ada}));
}

// A post that was written while its handlers were away, as after a crash of their process.
TEST_F(KeeperTest, FeedsTimelinesNotificationsAndWords) {
  posts::Head head{.post = world.ids.mint_as<PostId>(), .author = ada};
  head.kind = posts::Kind::post;
  head.state = posts::State::live;
  head.audience.rule = posts::Rule::public_;
  head.mentioned = {ben};
  head.versions = {head.post.value};
  posts::Version words{.post = head.post, .version = head.post.value, .author = ada, .text = Sealed("hello")};
  words.tags = {"silence"};
  Change change;
  change.insert(head);
  change.first(words, 1);
  commit(std::move(change));  // without its event
  auto const lines = fsck();
  EXPECT_THAT(lines, Contains(HasSubstr("the author's list entry")));
  EXPECT_THAT(lines, Contains(HasSubstr("lacks its own post")));
  EXPECT_THAT(lines, Contains(HasSubstr("the public timeline lacks")));
  EXPECT_THAT(lines, Contains(HasSubstr("a tag's timeline lacks")));
  EXPECT_THAT(lines, Contains(HasSubstr("is not told of post")));
  EXPECT_THAT(lines, Contains(HasSubstr("a tag of post")));
  rebuild();
  EXPECT_THAT(fsck(), IsEmpty());
  EXPECT_THAT(home(ben), Contains(head.post));
}

TEST_F(KeeperTest, AFeedThatLacksAFriendsPostIsCompleted) {
  posts::Head head{.post = world.ids.mint_as<PostId>(), .author = ada};
  head.kind = posts::Kind::post;
  head.state = posts::State::live;
  head.audience.rule = posts::Rule::friends;
  Change change;
  change.insert(head);
  commit(std::move(change));
  for (Kept const& each : kept())
    if (each.name == "posts") world.run(rebuild_all(each.step));
  EXPECT_THAT(fsck(), Contains(HasSubstr("the feed of account " + to_string(ben) + " lacks post")));
  rebuild();
  EXPECT_THAT(home(ben), Contains(head.post));
}

}  // namespace
}  // namespace kith
