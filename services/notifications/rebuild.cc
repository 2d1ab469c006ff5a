// Notifications compared with their causes. Of follows, only those are found lost that are surely of
// the follower's own doing: whether another one was news depends on who made it, which no row says.

#include <algorithm>
#include <iterator>
#include <utility>

#include "services/notifications/notifications.h"

namespace kith::notifications {
namespace {

constexpr std::size_t rows_a_step = 200;  // each is some look-ups

}  // namespace

Task<keeper::RebuildPage> Notifications::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 4);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_rows(walk); break;
    case 1: next = co_await walk_posts(walk); break;
    case 2: next = co_await walk_reactions(walk); break;
    default: next = co_await walk_ties(walk); break;
  }
  co_return walk.done(std::move(next));
}

// What a tie or a reaction caused goes with it; what a post caused stays and is hidden with the post.
Task<std::string> Notifications::walk_rows(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Notification>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  for (auto const& found : rows) {
    Notification const& row = *found;
    Version const seen_at = now_version();
    bool stands = true;
    if (row.kind == Kind::followed || row.kind == Kind::asked) {
      graph::Questions one;
      one.questions.push_back({.author = row.person});
      auto const ties = co_await needs_.graph.judge(Call{.viewer = row.actor}, std::move(one));
      graph::Judged const& tie = ties.judged.front();
      stands = (row.kind == Kind::followed ? tie.follow : tie.request).value == row.cause.value;
    } else if (row.kind == Kind::reacted) {
      reactions::CauseRequest const wanted{row.post, row.actor};
      auto const reaction = co_await needs_.reactions.find(Call{}, wanted);
      stands = reaction.id == row.cause.value;
    }
    if (stands) continue;
    walk.differs("notifications: account ", row.person, " is told of ", row.cause, " by account ", row.actor,
                 ", which is no more");
    if (walk.heals()) co_await settle(row, false, seen_at);
  }
  co_return next;
}

Task<std::string> Notifications::walk_posts(keeper::Walk& walk) {
  posts::AllPosts const page{.cursor = walk.cursor(), .limit = rows_a_step};
  auto all = co_await needs_.posts.all(Call{}, page);
  posts::PostIds ids{.posts = std::move(all.posts)};
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  walk.touched(facts.posts.size());
  std::vector<Notification> wanted;
  Time const oldest = needs_.clock.now() - needs_.kept_for;
  for (posts::FanoutFacts const& post : facts.posts) {
    if (!post.post || post.state != posts::State::live || time_of_id(post.post.value) <= oldest) continue;
    for (Notification& row : rows_of(post)) wanted.push_back(std::move(row));
    for (Circle const circle : {Circle::told, Circle::quoters, Circle::sharers}) {
      for (std::uint64_t after = 0;;) {
        Part part = co_await this->circle(post, circle, after);
        std::ranges::move(part.rows, std::back_inserter(wanted));
        after = part.after;
        if (wanted.size() >= rows_a_step) co_await compare(walk, std::exchange(wanted, {}));
        if (after == 0) break;
      }
    }
  }
  co_await compare(walk, std::move(wanted));
  co_return all.cursor;
}

Task<void> Notifications::compare(keeper::Walk& walk, std::vector<Notification> wanted) {
  for (std::size_t begin = 0; begin < wanted.size(); begin += multi_get_max) {
    std::size_t const end = std::min(begin + multi_get_max, wanted.size());
    std::vector<Notification::Key> keys;
    for (std::size_t i = begin; i < end; ++i) keys.push_back(wanted[i].key());
    auto const there = co_await needs_.tables.get_many<Notification>(std::move(keys));
    for (std::size_t i = begin; i < end; ++i) {
      Notification& row = wanted[i];
      if (there[i - begin]) continue;
      walk.differs("notifications: account ", row.person, " is not told of post ", row.cause, " by account ",
                   row.actor);
      if (walk.heals()) co_await settle(std::move(row), true, now_version());
    }
  }
}

Task<std::string> Notifications::walk_reactions(keeper::Walk& walk) {
  reactions::AllReactions const page{.cursor = walk.cursor(), .limit = rows_a_step};
  auto all = co_await needs_.reactions.all(Call{}, page);
  walk.touched(all.reactions.size());
  posts::PostIds ids;
  for (auto const& reaction : all.reactions) ids.posts.push_back(reaction.post);
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  std::vector<Notification::Key> keys;
  for (std::size_t i = 0; i < all.reactions.size(); ++i)
    keys.push_back({facts.posts[i].author, NotificationId{all.reactions[i].reaction.value}});
  auto const there = co_await needs_.tables.get_many<Notification>(keys);
  Time const oldest = needs_.clock.now() - needs_.kept_for;
  for (std::size_t i = 0; i < all.reactions.size(); ++i) {
    auto const& reaction = all.reactions[i];
    posts::FanoutFacts const& post = facts.posts[i];
    bool const news = post.post && post.state == posts::State::live && post.author != reaction.person &&
                      time_of_id(reaction.reaction.value) > oldest;
    if (!news || there[i]) continue;
    walk.differs("notifications: account ", post.author, " is not told of reaction ", reaction.reaction, " to post ",
                 reaction.post);
    if (walk.heals())
      co_await on_reaction_changed(
          {.post = reaction.post, .person = reaction.person, .reaction = reaction.reaction, .author = post.author});
  }
  co_return all.cursor;
}

Task<std::string> Notifications::walk_ties(keeper::Walk& walk) {
  graph::AllTies const page{.cursor = walk.cursor(), .limit = rows_a_step};
  auto all = co_await needs_.graph.all(Call{}, page);
  walk.touched(all.ties.size());
  Time const oldest = needs_.clock.now() - needs_.kept_for;
  std::erase_if(all.ties,
                [&](graph::NamedTie const& tie) { return !tie.by_holder || time_of_id(tie.tie.value) <= oldest; });
  std::vector<Notification::Key> keys;
  for (auto const& tie : all.ties) keys.push_back({tie.other, NotificationId{tie.tie.value}});
  auto const there = co_await needs_.tables.get_many<Notification>(std::move(keys));
  for (std::size_t i = 0; i < all.ties.size(); ++i) {
    if (there[i]) continue;
    graph::NamedTie const& tie = all.ties[i];
    bool const follow = tie.kind == graph::TieKind::following;
    walk.differs("notifications: account ", tie.other, " is not told that account ", tie.holder,
                 follow ? " follows it" : " asks it");
    if (!walk.heals()) continue;
    bool const hi = tie.holder > tie.other;
    graph::PairChanged event{.lo = hi ? tie.other : tie.holder, .hi = hi ? tie.holder : tie.other};
    event.actor = tie.holder;
    event.causes.push_back({.tie = tie.tie, .kind = tie.kind, .hi = hi});
    co_await on_pair_changed(std::move(event));
  }
  co_return all.cursor;
}

}  // namespace kith::notifications
