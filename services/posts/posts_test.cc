#include "services/posts/posts.h"

#include <gmock/gmock.h>

#include "services/pages/community_fixture.h"

namespace kith::posts {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PostsTest : public Community {
 protected:
  Published publish(AccountId author, NewPost post) { return world.run(posts->publish(as(author), std::move(post))); }
  void edit(AccountId author, EditPost change) { world.run(posts->edit(as(author), std::move(change))); }
  void remove(AccountId author, PostId post) { world.run(posts->delete_(as(author), {.post = post})); }
  void unshare(AccountId who, PostId post) { world.run(posts->unshare(as(who), {.post = post})); }
  std::vector<DraftItem> drafts(AccountId who) {
    return world.run(posts->scheduled(as(who), {.limit = 80, .undated = true})).drafts;
  }
  ThreadPage thread(AccountId viewer, PostId post) { return world.run(posts->thread(as(viewer), {.post = post})); }
};

TEST_F(PostsTest, APostIsOnItsAuthorsListAndCountedInTheNextCall) {
  PostId const first = write(ada, "One");
  PostId const second = write(ada, "Two");
  EXPECT_THAT(by(ada, ben), ElementsAre(second, first));
  EXPECT_EQ(counts(ada).posts, 2u);
  EXPECT_EQ(counts(ada).last, second);
  world.settle();
  EXPECT_EQ(counts(ada).posts, 2u);
  EXPECT_EQ(words(first).text, "One");
}

TEST_F(PostsTest, TextIsKeptAsItWasMeant) {
  NewPost const post{.text = "  Line\r\nnext @ben @nobody #Kith #kith @ben \n", .warning = "careful"};
  PostId const id = write(ada, post);
  Content const stored = words(id);
  EXPECT_EQ(stored.text, "Line\nnext @ben @nobody #Kith #kith @ben");
  EXPECT_EQ(stored.warning, "careful");
  EXPECT_TRUE(stored.sensitive);
  EXPECT_THAT(stored.tags, ElementsAre("Kith"));
  ASSERT_EQ(stored.mentions.size(), 1u);
  EXPECT_EQ(stored.mentions[0].account, ben);
  EXPECT_TRUE(facts(ben, id).mentions_me);
}

TEST_F(PostsTest, WhatIsNoPostIsRefused) {
  auto const refusal = [&](NewPost post) { return refused(posts->publish(as(ada), std::move(post))); };
  EXPECT_EQ(refusal({.text = " \n "}), Code::invalid);
  EXPECT_EQ(refusal({.text = std::string(5'001, 'x')}), Code::invalid);
  EXPECT_EQ(refusal({.text = "a", .language = "klingonese!"}), Code::invalid);
  EXPECT_EQ(refusal({.text = "\xFF"}), Code::invalid);
  EXPECT_EQ(refusal({.text = "a", .audience = {.rule = Rule::as_root}}), Code::invalid);
  EXPECT_EQ(refusal({.text = "a", .audience = {.rule = Rule::group}}), Code::invalid);
  EXPECT_EQ(refusal({.text = "a", .audience = {.rule = static_cast<Rule>(99)}}), Code::invalid);
  EXPECT_EQ(refusal({.text = "a", .audience = {.rule = Rule::list, .list = ListId{7}}}), Code::not_found);
  EXPECT_EQ(refusal({.text = "a", .parent = PostId{7}}), Code::not_found);
  EXPECT_EQ(refused(posts->publish({}, {.text = "a"})), Code::unauthenticated);
  suspend(ada);
  EXPECT_EQ(refusal({.text = "a"}), Code::forbidden);
  EXPECT_NO_THROW(write(ben, std::string(5'000, 'x')));
}

TEST_F(PostsTest, OneIdempotencyKeyMakesOnePost) {
  NewPost const post{.text = "Once", .idempotency_key = "k1"};
  PostId const first = write(ada, post);
  EXPECT_EQ(write(ada, post), first);
  world.restart();
  EXPECT_EQ(write(ada, post), first);
  EXPECT_NE(write(ben, post), first);
  EXPECT_EQ(counts(ada).posts, 1u);
  world.advance(std::chrono::hours{25});
  EXPECT_NE(write(ada, post), first);
}

TEST_F(PostsTest, ACrashBetweenClaimAndPostIsFinishedByTheRetry) {
  Claim const left{.account = ada, .name = "k2", .post = 4711, .expires_at_ = world.time.now() + claim_held};
  Change change;
  change.insert(left);
  commit(std::move(change));
  EXPECT_EQ(write(ada, NewPost{.text = "Again", .idempotency_key = "k2"}), PostId{4711});
  EXPECT_EQ(words(PostId{4711}).text, "Again");
}

TEST_F(PostsTest, AnEditIsANewVersionAndTheOldOneStays) {
  PostId const post = write(ada, "Frist");
  EXPECT_EQ(facts(ben, post).edited_at, no_time);
  world.advance(std::chrono::minutes{1});
  edit(ada, {.post = post, .text = "First @cleo"});
  EXPECT_EQ(words(post).text, "First @cleo");
  EXPECT_NE(facts(ben, post).edited_at, no_time);
  EXPECT_TRUE(facts(cleo, post).mentions_me);
  auto const history = world.run(posts->history(as(ben), {.post = post})).versions;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].content.text, "Frist");
  EXPECT_EQ(history[0].at, time_of_id(post.value));
  EXPECT_GT(history[1].at, history[0].at);
  edit(ada, {.post = post, .text = "First @cleo"});
  EXPECT_EQ(world.run(posts->history(as(ben), {.post = post})).versions.size(), 2u);
  EXPECT_EQ(refused(posts->edit(as(ben), {.post = post, .text = "Mine"})), Code::forbidden);
  EXPECT_EQ(refused(posts->edit(as(ada), {.post = post, .text = ""})), Code::invalid);
}

TEST_F(PostsTest, EditsHaveALimit) {
  PostId const post = write(ada, "0");
  for (int i = 1; i < 100; ++i) edit(ada, {.post = post, .text = std::to_string(i)});
  EXPECT_EQ(refused(posts->edit(as(ada), {.post = post, .text = "100"})), Code::invalid);
  EXPECT_EQ(world.run(posts->history(as(ada), {.post = post})).versions.size(), 100u);
}

TEST_F(PostsTest, ANarrowedAudienceIsEffectiveOnTheNextRead) {
  PostId const post = write(ada, "For all");
  PostId const comment = answer(ben, post);
  EXPECT_TRUE(sees(cleo, post));
  EXPECT_TRUE(sees(cleo, comment));
  edit(ada, {.post = post, .audience = Audience{.rule = Rule::friends}});
  EXPECT_FALSE(sees(cleo, post));
  EXPECT_FALSE(sees(cleo, comment));
  EXPECT_TRUE(sees(ben, comment));
  EXPECT_THAT(by(ada, cleo), IsEmpty());
  EXPECT_EQ(facts(ada, post).edited_at, no_time);
}

TEST_F(PostsTest, ADeletedPostIsGoneWithItsWordsAndItsCount) {
  PostId const kept = write(ada, "Kept");
  PostId const post = write(ada, "Gone");
  auto const version = facts(ada, post).content_version;
  EXPECT_EQ(refused(posts->delete_(as(ben), {.post = post})), Code::forbidden);
  PostId const hidden = write(ada, "Mine", Rule::only_me);
  EXPECT_EQ(refused(posts->delete_(as(ben), {.post = hidden})), Code::not_found);
  remove(ada, hidden);
  remove(ada, post);
  EXPECT_FALSE(sees(ada, post));
  EXPECT_THAT(by(ada, ada), ElementsAre(kept));
  EXPECT_EQ(counts(ada).posts, 1u);
  EXPECT_EQ(counts(ada).last, kept);
  world.settle();
  EXPECT_EQ(counts(ada).posts, 1u);
  EXPECT_FALSE(world.run(world.tables().get<Version>({post, version})));
  EXPECT_EQ(refused(posts->delete_(as(ada), {.post = post})), Code::not_found);
  EXPECT_EQ(refused(posts->edit(as(ada), {.post = post, .text = "Back"})), Code::not_found);
}

TEST_F(PostsTest, AModeratorMayDelete) {
  AccountId const mod = person("mod", Role::moderator);
  PostId const post = write(ada, "Rude");
  world.run(posts->delete_(as(mod, Role::moderator), {.post = post}));
  EXPECT_FALSE(sees(ada, post));
}

TEST_F(PostsTest, RepliesAreCountedAndTheirDeletionToo) {
  PostId const post = write(ada, "Question");
  PostId const one = answer(ben, post);
  answer(cleo, one);
  world.settle();
  EXPECT_EQ(facts(ada, post).reply_count, 1u);
  EXPECT_EQ(facts(ada, one).reply_count, 1u);
  EXPECT_EQ(facts(ada, one).parent_author, ada);
  remove(ben, one);
  EXPECT_EQ(facts(ada, post).reply_count, 0u);
  world.settle();
  EXPECT_EQ(facts(ada, post).reply_count, 0u);
}

TEST_F(PostsTest, AThreadIsReadDepthFirstFromAnywhere) {
  PostId const root = write(ada, "Root");
  PostId const a = answer(ben, root);
  PostId const b = answer(cleo, root);
  PostId const aa = answer(ada, a);
  PostId const ba = answer(ada, b);
  PostId const ab = answer(cleo, a);
  PostId const aaa = answer(ben, aa);
  auto const whole = thread(ada, root);
  EXPECT_THAT(ids(whole.descendants), ElementsAre(a, aa, aaa, ab, b, ba));
  EXPECT_THAT(ids(whole.ancestors), IsEmpty());
  auto const part = thread(ben, aa);
  EXPECT_THAT(ids(part.ancestors), ElementsAre(root, a));
  EXPECT_THAT(ids(part.descendants), ElementsAre(aaa));
  // Without `a` its answers stay where they were.
  remove(ben, a);
  EXPECT_THAT(ids(thread(ada, root).descendants), ElementsAre(aa, aaa, ab, b, ba));
  EXPECT_THAT(ids(thread(ada, aaa).ancestors), ElementsAre(root, aa));
}

TEST_F(PostsTest, AnAnonymousReaderGetsASmallPartOfALongThread) {
  PostId const root = write(ada, "Root");
  for (int i = 0; i < 70; ++i) answer(ben, root, std::to_string(i));
  EXPECT_EQ(thread(ada, root).descendants.size(), 70u);
  EXPECT_EQ(world.run(posts->thread({}, {.post = root})).descendants.size(), thread_anonymous_max);
}

TEST_F(PostsTest, WhoMayAnswerIsTheAuthorsChoiceForTheWholeConversation) {
  PostId const post = write(ada, NewPost{.text = "Friends only", .replies = ReplyPolicy::friends});
  EXPECT_EQ(refused(posts->publish(as(ben), {.text = "Hi", .parent = post})), Code::forbidden);
  befriend(ada, ben);
  PostId const reply = answer(ben, post);
  EXPECT_EQ(refused(posts->publish(as(cleo), {.text = "Hi", .parent = reply})), Code::forbidden);
  PostId const mentioned = write(ada, NewPost{.text = "@cleo?", .replies = ReplyPolicy::mentioned});
  EXPECT_NO_THROW(answer(cleo, mentioned));
  EXPECT_EQ(refused(posts->publish(as(ben), {.text = "Hi", .parent = mentioned})), Code::forbidden);
  PostId const closed = write(ada, NewPost{.text = "Period", .replies = ReplyPolicy::nobody});
  EXPECT_EQ(refused(posts->publish(as(ben), {.text = "Hi", .parent = closed})), Code::forbidden);
  EXPECT_NO_THROW(answer(ada, closed));
}

TEST_F(PostsTest, WhoIsBlockedFindsNothingToAnswer) {
  PostId const post = write(ada, "Hello");
  act(ada, graph::Verb::block, ben);
  EXPECT_EQ(refused(posts->publish(as(ben), {.text = "Hi", .parent = post})), Code::not_found);
  EXPECT_EQ(refused(posts->share(as(ben), {.post = post})), Code::not_found);
}

TEST_F(PostsTest, AShareIsOneAPersonAndCounted) {
  PostId const post = write(ada, "Good");
  PostId const first = share(ben, post);
  EXPECT_EQ(share(ben, post), first);
  EXPECT_EQ(share(cleo, first) == first, false);  // a share of a share is one of the post
  EXPECT_EQ(facts(ben, post).share_count, 2u);
  EXPECT_TRUE(facts(ben, post).shared_by_me);
  EXPECT_THAT(by(ben, ada), ElementsAre(first));
  auto const seen = see(ada, first);
  EXPECT_EQ(seen.facts.kind, Kind::share);
  ASSERT_TRUE(seen.target);
  EXPECT_EQ(seen.target->post, post);
  world.settle();
  world.advance(std::chrono::minutes{1});
  EXPECT_EQ(facts(ben, post).share_count, 2u);
}

TEST_F(PostsTest, AShareUndoneIsGoneAndANewOneIsNew) {
  PostId const post = write(ada, "Good");
  PostId const first = share(ben, post);
  unshare(ben, post);
  EXPECT_EQ(facts(ben, post).share_count, 0u);
  EXPECT_FALSE(facts(ben, post).shared_by_me);
  EXPECT_FALSE(sees(ben, first));
  EXPECT_THAT(by(ben, ben), IsEmpty());
  unshare(ben, post);  // again: nothing happens
  PostId const second = share(ben, post);
  EXPECT_NE(second, first);
  EXPECT_EQ(facts(ben, post).share_count, 1u);
  remove(ben, second);  // deleting the share is undoing it
  EXPECT_EQ(facts(ben, post).share_count, 0u);
  unshare(ben, share(ben, post));  // by the id of the share itself
  world.settle();
  world.advance(std::chrono::minutes{1});
  EXPECT_EQ(facts(ben, post).share_count, 0u);
  EXPECT_EQ(counts(ben).posts, 0u);
}

TEST_F(PostsTest, AShareClaimedBeforeACrashIsFinishedByTheHandler) {
  PostId const post = write(ada, "Good");
  PostId const id = world.ids.mint_as<PostId>();
  Change change;
  change.insert(Share{.target = post, .person = ben, .share = id, .audience = {.rule = Rule::public_}});
  change.add<PostCounts>({post}, PostCounts::Field::shares, 1);
  change.emit(PostChanged{.post = id, .author = ben, .target = post, .target_author = ada},
              world.time.now() + std::chrono::seconds{10});
  commit(std::move(change));
  world.restart();
  EXPECT_FALSE(sees(ada, id));
  world.advance(std::chrono::seconds{20});
  EXPECT_TRUE(sees(ada, id));
  EXPECT_THAT(by(ben, ada), ElementsAre(id));
  EXPECT_EQ(share(ben, post), id);
  EXPECT_EQ(facts(ada, post).share_count, 1u);
}

TEST_F(PostsTest, AnothersRestrictedPostIsNotBoostedUnlessItStaysAmongThoseWhoSeeIt) {
  befriend(ada, ben);
  befriend(ada, cleo);
  befriend(ben, cleo);
  AccountId const dan = person("dan");
  befriend(ben, dan);
  PostId const post = write(ada, "Friends", Rule::friends);
  EXPECT_EQ(refused(posts->share(as(ben), {.post = post})), Code::forbidden);
  PostId const shared = world.run(posts->share(as(ben), {.post = post, .within_audience = true})).post;
  EXPECT_TRUE(sees(cleo, shared));
  EXPECT_FALSE(sees(dan, shared));  // a friend of ben, but not of ada
  EXPECT_TRUE(sees(ada, share(ada, post)));
  PostId const direct = write(ada, "@ben", Rule::direct);
  EXPECT_EQ(refused(posts->share(as(ben), {.post = direct, .within_audience = true})), Code::forbidden);
  EXPECT_EQ(refused(posts->publish(as(ben), {.text = "see", .quoted = post})), Code::forbidden);
}

TEST_F(PostsTest, AnAuthorSaysWhoMayQuote) {
  auto const quotes = [&](AccountId who, PostId post) {
    return posts->publish(as(who), {.text = "see", .quoted = post});
  };
  PostId const post = write(ada, NewPost{.text = "1", .quotes = QuotePolicy::nobody});
  EXPECT_EQ(facts(cleo, post).quotes, QuotePolicy::nobody);
  EXPECT_EQ(refused(quotes(ben, post)), Code::forbidden);
  EXPECT_TRUE(world.run(quotes(ada, post)).post);
  world.run(posts->edit(as(ada), {.post = post, .quotes = QuotePolicy::followers}));
  EXPECT_EQ(facts(cleo, post).edited_at, no_time);
  EXPECT_EQ(refused(quotes(ben, post)), Code::forbidden);
  befriend(ada, ben);
  EXPECT_TRUE(world.run(quotes(ben, post)).post);
  world.run(users->change(as(ada), {.default_quotes = static_cast<std::uint32_t>(QuotePolicy::nobody)}));
  EXPECT_EQ(facts(cleo, write(ada, "2")).quotes, QuotePolicy::nobody);
}

TEST_F(PostsTest, AQuoteIsTakenBackByWhomItQuotes) {
  PostId const post = write(ada, "Original");
  PostId const quote = write(ben, NewPost{.text = "Look", .quoted = post});
  PostId const around = write(cleo, NewPost{.text = "Around", .quoted = quote});
  EXPECT_EQ(refused(posts->revoke_quote(as(ben), {.post = post, .quote = quote})), Code::forbidden);
  EXPECT_EQ(refused(posts->revoke_quote(as(ada), {.post = post, .quote = around})), Code::not_found);
  EXPECT_EQ(refused(posts->revoke_quote(as(ada), {.post = PostId{1}, .quote = quote})), Code::not_found);
  world.run(posts->revoke_quote(as(ada), {.post = post, .quote = quote}));
  world.run(posts->revoke_quote(as(ada), {.post = post, .quote = quote}));
  world.settle();
  EXPECT_TRUE(see(cleo, quote).visible);
  EXPECT_TRUE(see(cleo, quote).facts.quote_revoked);
  EXPECT_FALSE(see(cleo, quote).target_visible);
  EXPECT_FALSE(see(cleo, around).inner);
  EXPECT_EQ(facts(ada, post).quote_count, 0u);
  EXPECT_THAT(ids(world.run(posts->quotes(as(ada), {.post = post, .limit = 10})).posts), IsEmpty());
  for (keeper::RebuildRequest request{.check_only = true};;) {
    auto const part = world.run(posts->rebuild({}, request));
    EXPECT_THAT(part.differences, IsEmpty());
    request.cursor = part.cursor;
    if (request.cursor.empty()) break;
  }
}

TEST_F(PostsTest, AQuoteInAQuoteIsNamedOnlyToWhoMaySeeWhatItQuotes) {
  PostId const first = write(ada, "1");
  PostId const second = write(ben, NewPost{.text = "2", .quoted = first});
  PostId const third = write(ada, NewPost{.text = "3", .quoted = second});
  PostId const fourth = write(ben, NewPost{.text = "4", .quoted = third});
  EXPECT_EQ(see(cleo, third).inner, first);
  EXPECT_FALSE(see(cleo, second).inner) << "what it quotes is shown, and quotes nothing";
  EXPECT_EQ(see(cleo, share(cleo, third)).inner, first) << "of the quote that is shown";
  EXPECT_EQ(see(cleo, share(cleo, fourth)).inner, second);
  world.run(posts->edit(as(ada), {.post = first, .audience = Audience{.rule = Rule::friends}}));
  EXPECT_FALSE(see(cleo, third).inner);
  EXPECT_FALSE(see(cleo, third).inner_gone);
  EXPECT_EQ(see(ada, third).inner, first);
  remove(ada, first);
  EXPECT_FALSE(see(ada, third).inner);
  EXPECT_TRUE(see(ada, third).inner_gone);
}

TEST_F(PostsTest, AQuoteOutlivesWhatItQuotes) {
  PostId const post = write(ada, "Original");
  PostId const quote = write(ben, NewPost{.text = "Look", .quoted = post});
  PostId const shared = share(cleo, quote);
  EXPECT_EQ(facts(ada, post).quote_count, 1u);
  EXPECT_TRUE(see(ada, quote).target_visible);
  auto const both = see(ada, shared);
  ASSERT_TRUE(both.quoted);
  EXPECT_EQ(both.quoted->post, post);
  EXPECT_THAT(ids(world.run(posts->quotes(as(ada), {.post = post, .limit = 10})).posts), ElementsAre(quote));
  remove(ada, post);
  EXPECT_TRUE(see(cleo, quote).visible);
  EXPECT_FALSE(see(cleo, quote).target_visible);
  EXPECT_TRUE(see(cleo, quote).target_gone);
  EXPECT_TRUE(see(ada, shared).quoted_gone);
  remove(ben, quote);
  EXPECT_FALSE(sees(cleo, shared));
}

TEST_F(PostsTest, ThePageFillsPastWhatIsHidden) {
  PostId const open = write(ada, "open");
  for (int i = 0; i < 50; ++i) write(ada, "mine", Rule::only_me);
  EXPECT_THAT(by(ada, ben, {.limit = 5}), ElementsAre(open));
  auto const page = world.run(posts->by_author(as(ben), {.author = ada, .limit = 5}));
  EXPECT_FALSE(page.more);
}

TEST_F(PostsTest, PagesFollowEachOtherBothWays) {
  std::vector<PostId> all;
  for (int i = 0; i < 7; ++i) all.push_back(write(ada, std::to_string(i)));
  auto const first = world.run(posts->by_author(as(ben), {.author = ada, .limit = 3}));
  EXPECT_THAT(ids(first.posts), ElementsAre(all[6], all[5], all[4]));
  EXPECT_TRUE(first.more);
  EXPECT_THAT(by(ada, ben, {.max = first.examined, .limit = 3}), ElementsAre(all[3], all[2], all[1]));
  EXPECT_THAT(by(ada, ben, {.since = all[3], .limit = 2}), ElementsAre(all[6], all[5]));
  EXPECT_THAT(by(ada, ben, {.min = all[1], .limit = 2}), ElementsAre(all[3], all[2]));
}

TEST_F(PostsTest, AnAuthorsListIsFiltered) {
  PostId const post = write(ada, "About #Tea");
  PostId const other = write(ben, "Other");
  answer(ada, other);
  PostId const own = answer(ada, post);
  share(ada, other);
  EXPECT_THAT(by(ada, ben, {.exclude_replies = true, .exclude_shares = true}), ElementsAre(own, post));
  EXPECT_THAT(by(ada, ben, {.tagged = "tea"}), ElementsAre(post));
  EXPECT_THAT(by(ada, ben, {.only_media = true}), IsEmpty());
  edit(ada, {.post = post, .text = "About #coffee"});
  EXPECT_THAT(by(ada, ben, {.tagged = "tea"}), IsEmpty());
  EXPECT_THAT(by(ada, ben, {.tagged = "Coffee"}), ElementsAre(post));
}

TEST_F(PostsTest, PinsAreFiveOwnPosts) {
  std::vector<PostId> all;
  for (int i = 0; i < 6; ++i) all.push_back(write(ada, std::to_string(i)));
  for (int i = 0; i < 5; ++i) world.run(posts->pin(as(ada), {.post = all[static_cast<std::size_t>(i)], .on = true}));
  EXPECT_EQ(refused(posts->pin(as(ada), {.post = all[5], .on = true})), Code::invalid);
  EXPECT_EQ(refused(posts->pin(as(ben), {.post = all[5], .on = true})), Code::invalid);
  EXPECT_TRUE(facts(ada, all[0]).pinned_by_me);
  EXPECT_THAT(by(ada, ben, {.pinned = true}), ElementsAre(all[4], all[3], all[2], all[1], all[0]));
  remove(ada, all[0]);
  world.settle();
  world.run(posts->pin(as(ada), {.post = all[5], .on = true}));
  world.run(posts->pin(as(ada), {.post = all[4], .on = false}));
  EXPECT_THAT(by(ada, ben, {.pinned = true}), ElementsAre(all[5], all[3], all[2], all[1]));
  EXPECT_EQ(refused(posts->pin(as(ada), {.post = write(ada, "@ben", Rule::direct), .on = true})), Code::invalid);
}

TEST_F(PostsTest, AConversationIsMutedAsAWhole) {
  PostId const post = write(ada, "Loud");
  PostId const reply = answer(ben, post);
  world.run(posts->mute_thread(as(cleo), {.post = reply, .on = true}));
  EXPECT_TRUE(facts(cleo, post).thread_muted);
  EXPECT_TRUE(facts(cleo, reply).thread_muted);
  EXPECT_FALSE(facts(ada, post).thread_muted);
  world.run(posts->mute_thread(as(cleo), {.post = post, .on = false}));
  EXPECT_FALSE(facts(cleo, reply).thread_muted);
}

TEST_F(PostsTest, WhoSharedShowsOnlySharesOneMaySee) {
  befriend(ben, cleo);
  PostId const post = write(ada, "Good");
  world.run(posts->share(as(ben), {.post = post, .audience = {.rule = Rule::friends}}));
  share(cleo, post);
  auto const who = [&](AccountId viewer) {
    std::vector<AccountId> people;
    for (auto const& item : world.run(posts->shared_by(as(viewer), {.post = post, .limit = 10})).people)
      people.push_back(item.person);
    return people;
  };
  EXPECT_THAT(who(ada), ElementsAre(cleo));
  EXPECT_THAT(who(cleo), ElementsAre(cleo, ben));
  auto const page = world.run(posts->shared_by(as(cleo), {.post = post, .limit = 1}));
  EXPECT_TRUE(page.more);
  EXPECT_EQ(world.run(posts->shared_by(as(cleo), {.post = post, .max = page.examined, .limit = 1})).people[0].person,
            ben);
}

TEST_F(PostsTest, AScheduledPostAppearsAtItsTimeWithAnIdOfThatTime) {
  Time const at = world.time.now() + std::chrono::hours{2};
  Published const published = publish(
      ada, {.text = "Later #soon", .audience = {.rule = Rule::friends}, .idempotency_key = "s", .publish_at = at});
  EXPECT_FALSE(published.post);
  EXPECT_EQ(publish(ada, {.text = "Later #soon", .idempotency_key = "s", .publish_at = at}).draft, published.draft);
  auto const waiting = world.run(posts->scheduled(as(ada), {.limit = 10})).drafts;
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].post.text, "Later #soon");
  EXPECT_THAT(by(ada, ada), IsEmpty());
  world.advance(std::chrono::hours{3});
  auto const listed = by(ada, ada);
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_GE(time_of_id(listed[0].value), at);
  EXPECT_EQ(words(listed[0]).text, "Later #soon");
  EXPECT_EQ(facts(ada, listed[0]).audience.rule, Rule::friends);
  EXPECT_THAT(world.run(posts->scheduled(as(ada), {.limit = 10})).drafts, IsEmpty());
}

TEST_F(PostsTest, AScheduledPostCanBeMovedAndDropped) {
  Time const at = world.time.now() + std::chrono::hours{2};
  DraftId const moved = publish(ada, {.text = "Moved", .publish_at = at}).draft;
  DraftId const dropped = publish(ada, {.text = "Dropped", .publish_at = at}).draft;
  EXPECT_EQ(refused(posts->reschedule(as(ben), {.draft = moved, .publish_at = at})), Code::not_found);
  world.run(posts->reschedule(as(ada), {.draft = moved, .publish_at = at + std::chrono::hours{1}}));
  world.run(posts->drop_scheduled(as(ada), {.draft = dropped}));
  world.advance(std::chrono::minutes{130});
  EXPECT_THAT(by(ada, ada), IsEmpty());
  world.advance(std::chrono::hours{1});
  EXPECT_EQ(by(ada, ada).size(), 1u);
  EXPECT_EQ(refused(posts->drop_scheduled(as(ada), {.draft = moved})), Code::not_found);
}

TEST_F(PostsTest, SchedulingHasLimits) {
  Time const now = world.time.now();
  EXPECT_EQ(refused(posts->publish(as(ada), {.text = "x", .publish_at = now + std::chrono::minutes{4}})),
            Code::invalid);
  EXPECT_EQ(refused(posts->publish(as(ada), {.text = "", .publish_at = now + std::chrono::hours{1}})), Code::invalid);
  for (int i = 0; i < 25; ++i) publish(ada, {.text = "x", .publish_at = now + std::chrono::hours{1}});
  EXPECT_EQ(refused(posts->publish(as(ada), {.text = "x", .publish_at = now + std::chrono::hours{2}})), Code::invalid);
  publish(ada, {.text = "x", .publish_at = now + std::chrono::hours{30}});
}

TEST_F(PostsTest, AScheduledAnswerToWhatIsGoneStaysADraft) {
  PostId const post = write(ben, "Question");
  publish(ada, {.text = "Answer", .parent = post, .publish_at = world.time.now() + std::chrono::hours{1}});
  remove(ben, post);
  world.advance(std::chrono::hours{2});
  EXPECT_THAT(by(ada, ada), IsEmpty());
  auto const left = drafts(ada);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].post.text, "Answer");
  EXPECT_EQ(refused(posts->publish_draft(as(ada), {.draft = left[0].draft})), Code::not_found);
  EXPECT_EQ(drafts(ada).size(), 1u);
}

TEST_F(PostsTest, ADraftWaitsUntilItsAuthorPublishesIt) {
  DraftItem draft =
      world.run(posts->save_draft(as(ada), {.post = {.text = "Frist", .audience = {.rule = Rule::friends}}}));
  world.advance(std::chrono::hours{100});
  EXPECT_THAT(by(ada, ada), IsEmpty());
  EXPECT_THAT(drafts(ben), IsEmpty());
  draft.post.text = "First";
  EXPECT_EQ(refused(posts->save_draft(as(ben), draft)), Code::not_found);
  world.run(posts->save_draft(as(ada), draft));
  ASSERT_EQ(drafts(ada).size(), 1u);
  EXPECT_EQ(drafts(ada)[0].post.text, "First");
  EXPECT_EQ(refused(posts->publish_draft(as(ben), {.draft = draft.draft})), Code::not_found);

  Time const now = world.time.now();
  PostId const post = world.run(posts->publish_draft(as(ada), {.draft = draft.draft})).post;
  EXPECT_THAT(by(ada, ada), ElementsAre(post));
  EXPECT_GE(time_of_id(post.value), std::chrono::floor<std::chrono::milliseconds>(now));
  EXPECT_EQ(words(post).text, "First");
  EXPECT_EQ(facts(ada, post).audience.rule, Rule::friends);
  EXPECT_THAT(drafts(ada), IsEmpty());
  EXPECT_EQ(refused(posts->publish_draft(as(ada), {.draft = draft.draft})), Code::not_found);
}

TEST_F(PostsTest, ADraftCanBeGivenADateAndDropped) {
  DraftId const dated = world.run(posts->save_draft(as(ada), {.post = {.text = "Dated"}})).draft;
  DraftId const dropped = world.run(posts->save_draft(as(ada), {.post = {.text = "Dropped"}})).draft;
  EXPECT_EQ(refused(posts->scheduled(as(ada), {.draft = dated})), Code::not_found);
  world.run(posts->reschedule(as(ada), {.draft = dated, .publish_at = world.time.now() + std::chrono::hours{1}}));
  world.run(posts->drop_scheduled(as(ada), {.draft = dropped}));
  EXPECT_THAT(drafts(ada), IsEmpty());
  world.advance(std::chrono::hours{2});
  EXPECT_EQ(by(ada, ada).size(), 1u);
}

TEST_F(PostsTest, ADraftBoundToItsPostByACrashIsPublishedOnce) {
  DraftId const draft = world.run(posts->save_draft(as(ada), {.post = {.text = "Once"}})).draft;
  auto const found = world.run(world.tables().get<Draft>({ada, draft}));
  Draft bound = *found;
  bound.published = PostId{4711};
  Change change;
  change.replace(found, bound);
  commit(std::move(change));
  EXPECT_EQ(world.run(posts->publish_draft(as(ada), {.draft = draft})).post, PostId{4711});
  EXPECT_THAT(drafts(ada), IsEmpty());
}

TEST_F(PostsTest, DraftsHaveLimits) {
  EXPECT_EQ(refused(posts->save_draft(as(ada), {.post = {.text = " "}})), Code::invalid);
  EXPECT_EQ(refused(posts->save_draft(as(ada), {.post = {.text = std::string(5'001, 'x')}})), Code::invalid);
  NewPost many{.text = "x"};
  for (std::uint64_t i = 0; i < 20'000; ++i) many.audience.except.push_back(AccountId{i << 40});
  EXPECT_EQ(refused(posts->save_draft(as(ada), {.post = many})), Code::invalid);
  for (std::size_t i = 0; i < drafts_max; ++i) world.run(posts->save_draft(as(ada), {.post = {.text = "x"}}));
  EXPECT_EQ(refused(posts->save_draft(as(ada), {.post = {.text = "x"}})), Code::invalid);
}

TEST_F(PostsTest, FanoutFactsNameFoldedTagsAndNoWords) {
  PostId const post = write(ada, "Hi @ben #ÄPFEL");
  auto const facts = world.run(posts->fanout_facts_of({}, {.posts = {PostId{1}, post}})).posts;
  EXPECT_FALSE(facts[0].post);
  EXPECT_THAT(facts[1].tags, ElementsAre("äpfel"));
  EXPECT_THAT(facts[1].mentioned, ElementsAre(ben));
  EXPECT_EQ(facts[1].state, State::live);
}

TEST_F(PostsTest, WhatAnErasedAccountWroteIsErased) {
  PostId const post = write(ada, "Mine");
  PostId const other = write(ben, "Bens");
  answer(ada, other);
  PostId const shared = share(ada, other);
  world.run(posts->pin(as(ada), {.post = post, .on = true}));
  world.settle();
  auto const account = world.run(world.tables().get<users::Account>({ada}));
  Change change;
  change.erase(account);
  change.emit(users::AccountChanged{.account = ada});
  commit(std::move(change));
  world.settle();
  EXPECT_FALSE(sees(ben, post));
  EXPECT_FALSE(sees(ben, shared));
  EXPECT_EQ(facts(ben, other).reply_count, 0u);
  EXPECT_EQ(facts(ben, other).share_count, 0u);
  EXPECT_EQ(counts(ada).posts, 0u);
}

TEST_F(PostsTest, DerivedRowsThrownAwayComeBackByATouch) {
  PostId const post = write(ada, "Here");
  PostId const reply = answer(ben, post);
  world.settle();
  auto const row = world.run(world.tables().get<Reply>({post, reply}));
  Change change;
  change.erase(row);
  change.add<PostCounts>({post}, PostCounts::Field::replies, -1);
  commit(std::move(change));
  world.run(posts->on_post_changed({.post = reply, .author = ben}));
  EXPECT_EQ(facts(ada, post).reply_count, 1u);
}

}  // namespace
}  // namespace kith::posts
