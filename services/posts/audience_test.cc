#include "services/posts/audience.h"

#include <gmock/gmock.h>

#include "services/pages/community_fixture.h"

namespace kith::posts {
namespace {

// Who looks, in the order of the columns below.
struct Looker {
  char const* name;
  Call call;
};

// One row a rule: who sees a post of it. author, friend, follower, close friend, friend of a friend,
// listed, mentioned, stranger, excepted friend, blocked, blocking, anonymous.
struct Row {
  Rule rule;
  char const* sees;
};
constexpr Row rows[] = {
    {Rule::public_, "yyyyyyyyynny"},         //
    {Rule::unlisted, "yyyyyyyyynny"},        //
    {Rule::followers, "yyyynnynynnn"},       //
    {Rule::friends, "yynynnynynnn"},         //
    {Rule::friends_except, "yynynnynnnnn"},  //
    {Rule::close, "ynnynnynnnnn"},           //
    {Rule::friends_of_friends, "yynyynynynnn"},
    {Rule::list, "ynnnnyynnnnn"},
    {Rule::only_me, "ynnnnnnnnnnn"},
    {Rule::direct, "ynnnnnynnnnn"},
};

class AudienceTest : public Community {
 protected:
  AudienceTest() {
    for (char const* name :
         {"friend", "follower", "close", "fof", "listed", "mona", "stranger", "excepted", "blocked", "blocking", "dan"})
      people.push_back(person(name, Role::user, false));
    befriend_plainly(ada, at(0));
    act(at(1), graph::Verb::follow, ada);
    act(ada, graph::Verb::accept, at(1));
    end_friendship_keep_follow(at(1));
    befriend_plainly(ada, at(2));
    act(ada, graph::Verb::close, at(2));
    befriend_plainly(at(0), at(3));
    act(ada, graph::Verb::follow, at(4));
    graph::ListItem const item{.title = "Readers"};
    list = world.run(graph->save_list(as(ada), item)).id;
    world.run(graph->change_members(as(ada), {.list = list, .members = {at(4)}}));
    befriend_plainly(ada, at(7));
    act(ada, graph::Verb::block, at(8));
    act(at(9), graph::Verb::block, ada);
    dan = at(10);
    lookers = {{"author", as(ada)},      {"friend", as(at(0))},           {"follower", as(at(1))},
               {"close", as(at(2))},     {"friend of friend", as(at(3))}, {"listed", as(at(4))},
               {"mentioned", as(at(5))}, {"stranger", as(at(6))},         {"excepted", as(at(7))},
               {"blocked", as(at(8))},   {"blocking", as(at(9))},         {"anonymous", Call{}}};
  }
  AccountId at(std::size_t i) const { return people[i]; }
  void befriend_plainly(AccountId one, AccountId other) {
    act(one, graph::Verb::ask_friend, other);
    act(other, graph::Verb::accept, one);
  }
  // Accepting an ask makes friends; what is wanted here is somebody who only follows.
  void end_friendship_keep_follow(AccountId follower) {
    act(ada, graph::Verb::unfriend, follower);
    world.run(users->change(as(ada), {.locked = false}));
    act(follower, graph::Verb::follow, ada);
    world.run(users->change(as(ada), {.locked = true}));
  }
  Audience audience(Rule rule) const {
    Audience audience{.rule = rule};
    if (rule == Rule::list) audience.list = list;
    if (rule == Rule::friends_except) audience.except = {people[7]};
    return audience;
  }
  PostId post_of(Rule rule) {
    return write(ada, NewPost{.text = "For @mona @blocked @blocking", .audience = audience(rule)});
  }
  void change(PostId post, Rule rule) { world.run(posts->edit(as(ada), {.post = post, .audience = audience(rule)})); }
  bool visible(Call call, PostId post) { return see(call, std::vector{post}).front().visible; }

  std::string seen_by_all(PostId post) {
    std::string sees;
    for (Looker const& looker : lookers) sees += visible(looker.call, post) ? 'y' : 'n';
    return sees;
  }
  void set_state(AccountId account, users::State state) {
    auto const found = world.run(world.tables().get<users::Account>({account}));
    users::Account next = *found;
    next.state = state;
    Change change;
    change.replace(found, next);
    commit(std::move(change));
  }
  void hide(PostId post) {
    auto const found = world.run(world.tables().get<Head>({post}));
    Head next = *found;
    next.state = State::hidden;
    Change change;
    change.replace(found, next);
    commit(std::move(change));
  }

  std::vector<AccountId> people;
  std::vector<Looker> lookers;
  ListId list;
  AccountId dan;
};

TEST_F(AudienceTest, APostIsSeenByWhomItsRuleNames) {
  for (Row const& row : rows) EXPECT_EQ(seen_by_all(post_of(row.rule)), row.sees) << static_cast<int>(row.rule);
}

TEST_F(AudienceTest, EveryListAgreesWithTheRule) {
  for (Row const& row : rows) {
    PostId const post = post_of(row.rule);
    for (std::size_t i = 0; i < lookers.size(); ++i) {
      bool const expected = row.sees[i] == 'y';
      AuthorRequest const request{.author = ada, .limit = 40};
      auto const listed = ids(world.run(posts->by_author(lookers[i].call, request)).posts);
      EXPECT_EQ(std::ranges::find(listed, post) != listed.end(), expected) << lookers[i].name;
      if (expected)
        EXPECT_NO_THROW(world.run(posts->history(lookers[i].call, {.post = post}))) << lookers[i].name;
      else
        EXPECT_EQ(refused(posts->thread(lookers[i].call, {.post = post})), Code::not_found) << lookers[i].name;
    }
    world.run(posts->delete_(as(ada), {.post = post}));
  }
}

TEST_F(AudienceTest, ACommentIsSeenByThoseWhoSeeItsRootAndByItsAuthor) {
  PostId const root = post_of(Rule::public_);
  PostId const comment = answer(dan, root);
  PostId const below = answer(dan, comment);
  for (Row const& row : rows) {
    change(root, row.rule);
    EXPECT_EQ(seen_by_all(comment), row.sees);
    EXPECT_EQ(seen_by_all(below), row.sees);
    EXPECT_TRUE(sees(dan, comment));
    EXPECT_EQ(facts(ada, comment).shown_rule, row.rule);
  }
}

TEST_F(AudienceTest, ANarrowCommentIsSeenByThoseOfItsOwnAudienceWhoSeeTheRoot) {
  befriend_plainly(dan, at(6));  // the stranger, and somebody close to the author
  befriend_plainly(dan, at(2));
  PostId const root = post_of(Rule::public_);
  PostId const comment = answer(dan, root, "to my friends", Rule::friends);
  //                             author, whom it answers; close; stranger
  EXPECT_EQ(seen_by_all(comment), "ynnynnnynnnn");
  change(root, Rule::friends);
  EXPECT_EQ(seen_by_all(comment), "ynnynnnnnnnn");
  PostId const direct = answer(dan, write(ada, "open"), "@mona", Rule::direct);
  EXPECT_EQ(seen_by_all(direct), "ynnnnnynnnnn");
}

TEST_F(AudienceTest, AnAnswerToARestrictedPostFromAnAppIsForTheConversation) {
  PostId const root = write(ada, "friends", Rule::friends);
  PostId const comment = answer(at(0), root, "hi @mona", Rule::followers);  // what apps call private
  EXPECT_EQ(facts(ada, comment).audience.rule, Rule::as_root);
  EXPECT_EQ(facts(ada, comment).shown_rule, Rule::friends);
  EXPECT_EQ(seen_by_all(comment), "yynynnnnynnn");  // a mention grants nothing beyond the root
  PostId const aloud = answer(at(0), root, "hi all", Rule::public_);
  EXPECT_EQ(seen_by_all(aloud), "yynynnnnynnn");
}

TEST_F(AudienceTest, AShareIsSeenByThoseWhoSeeBothSides) {
  PostId const target = post_of(Rule::public_);
  PostId const shared = share(dan, target);
  for (Row const& row : rows) {
    change(target, row.rule);
    EXPECT_EQ(seen_by_all(shared), row.sees);
    EXPECT_EQ(sees(dan, shared), is_open(row.rule));
  }
  change(target, Rule::public_);
  act(dan, graph::Verb::block, at(6));
  EXPECT_FALSE(visible(as(at(6)), shared));
  EXPECT_TRUE(visible(as(at(6)), target));
}

TEST_F(AudienceTest, AQuoteShowsWhatItQuotesOnlyToThoseWhoSeeThatToo) {
  PostId const target = post_of(Rule::public_);
  PostId const quote = write(dan, NewPost{.text = "look", .quoted = target});
  PostId const shared = share(cleo, quote);
  for (Row const& row : rows) {
    change(target, row.rule);
    for (std::size_t i = 0; i < lookers.size(); ++i) {
      auto const seen = see(lookers[i].call, std::vector{quote, shared});
      EXPECT_TRUE(seen[0].visible) << lookers[i].name;
      EXPECT_EQ(seen[0].target_visible, row.sees[i] == 'y') << lookers[i].name;
      EXPECT_EQ(seen[1].quoted_visible, row.sees[i] == 'y') << lookers[i].name;
      EXPECT_EQ(static_cast<bool>(seen[1].quoted), row.sees[i] == 'y') << lookers[i].name;
    }
  }
}

TEST_F(AudienceTest, WhatASuspendedAuthorWroteIsSeenByModeratorsAlone) {
  AccountId const mod = person("mod", Role::moderator);
  PostId const post = post_of(Rule::public_);
  PostId const comment = answer(dan, post);
  PostId const shared = share(dan, post);
  PostId const quote = write(dan, NewPost{.text = "look", .quoted = post});
  suspend(ada);
  EXPECT_EQ(seen_by_all(post), "nnnnnnnnnnnn");
  EXPECT_EQ(seen_by_all(comment), "nnnnnnnnnnnn");
  EXPECT_EQ(seen_by_all(shared), "nnnnnnnnnnnn");
  EXPECT_EQ(seen_by_all(quote), "yyyyyyyyyyyy");
  EXPECT_FALSE(see(cleo, quote).target_visible);
  EXPECT_TRUE(sees(dan, comment));
  EXPECT_TRUE(visible(as(mod, Role::moderator), post));
  EXPECT_TRUE(visible(as(mod, Role::moderator), comment));
  set_state(ada, users::State::erasing);
  EXPECT_FALSE(visible(as(mod, Role::moderator), post));
  set_state(ada, users::State::active);
  suspend(dan);
  EXPECT_EQ(seen_by_all(comment), "nnnnnnnnnnnn");
  EXPECT_EQ(seen_by_all(post), rows[0].sees);
}

TEST_F(AudienceTest, WhatModeratorsHidIsSeenByModeratorsAlone) {
  AccountId const mod = person("mod", Role::moderator);
  PostId const post = post_of(Rule::public_);
  hide(post);
  EXPECT_EQ(seen_by_all(post), "nnnnnnnnnnnn");
  EXPECT_TRUE(visible(as(mod, Role::moderator), post));
}

TEST_F(AudienceTest, UnderADeletedRootEachSeesOnlyTheirOwn) {
  PostId const root = post_of(Rule::public_);
  PostId const comment = answer(dan, root);
  world.run(posts->delete_(as(ada), {.post = root}));
  EXPECT_EQ(seen_by_all(comment), "nnnnnnnnnnnn");
  EXPECT_TRUE(sees(dan, comment));
}

TEST_F(AudienceTest, ABlockPartsBothAtOnceOnEveryPath) {
  PostId const root = write(ada, "open");
  PostId const comment = answer(dan, root);
  act(dan, graph::Verb::block, at(0));
  EXPECT_FALSE(visible(as(at(0)), comment));
  EXPECT_TRUE(visible(as(at(0)), root));
  act(dan, graph::Verb::unblock, at(0));
  EXPECT_TRUE(visible(as(at(0)), comment));
}

TEST_F(AudienceTest, TheEndOfAFriendshipIsEffectiveOnTheNextRead) {
  PostId const post = post_of(Rule::friends);
  EXPECT_TRUE(visible(as(at(0)), post));
  act(at(0), graph::Verb::unfriend, ada);
  EXPECT_FALSE(visible(as(at(0)), post));
}

TEST(Audience, ADenialWinsOverAMention) {
  AccountId const author{1}, viewer{2};
  graph::Judged tie{.friend_ = true};
  Head head{.author = author, .state = State::live};
  head.audience = {.rule = Rule::friends_except, .except = {viewer}};
  head.mentioned = {viewer};
  Subject const post{.head = &head, .author = users::State::active, .tie = &tie};
  EXPECT_FALSE(may_see({viewer}, post, {}));
  head.audience = {.rule = Rule::public_};
  EXPECT_TRUE(may_see({viewer}, post, {}));
  tie.blocked = true;
  EXPECT_FALSE(may_see({viewer}, post, {}));
}

TEST(Audience, WhatIsNotKnownIsMostClosed) {
  AccountId const author{1}, viewer{2};
  graph::Judged const tie{.friend_ = true, .follows = true, .close = true, .in_list = true};
  Head head{.author = author, .state = State::live};
  Subject const post{.head = &head, .author = users::State::active, .tie = &tie, .in_list = true};
  for (Rule const rule : {Rule::unspecified, Rule::as_root, Rule::group, Rule::only_me, static_cast<Rule>(77)}) {
    head.audience.rule = rule;
    EXPECT_FALSE(may_see({viewer}, post, {})) << static_cast<int>(rule);
    EXPECT_FALSE(may_see({}, post, {})) << static_cast<int>(rule);
    EXPECT_TRUE(may_see({author}, post, {})) << static_cast<int>(rule);
  }
  head.audience.rule = Rule::public_;
  head.state = State::unspecified;
  EXPECT_FALSE(may_see({author}, post, {}));
  EXPECT_FALSE(may_see({viewer}, {}, {}));
}

}  // namespace
}  // namespace kith::posts
