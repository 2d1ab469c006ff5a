// Whom a post matters to beside those it names: who asked to be told of each post of its author, and
// of an edited one, who shared or quoted it before. A circle has no bound, so it is told part by part.

#include <algorithm>

#include "services/notifications/notifications.h"

namespace kith::notifications {
namespace {

bool names(std::vector<Notification> const& named, AccountId person) {
  return std::ranges::find(named, person, &Notification::person) != named.end();
}

// What answers others, or is for a few people, is no news to everybody who asked for news.
bool is_told(posts::FanoutFacts const& post) {
  using posts::Rule;
  if (post.kind == posts::Kind::share || (post.parent && post.parent_author != post.author)) return false;
  return post.rule != Rule::direct && post.rule != Rule::only_me && post.rule != Rule::unspecified;
}

}  // namespace

Task<Notifications::Part> Notifications::circle(posts::FanoutFacts post, Circle circle, std::uint64_t after) {
  switch (circle) {
    case Circle::told: co_return co_await told(std::move(post), after);
    case Circle::sharers: co_return co_await users(std::move(post), false, after);
    case Circle::quoters: co_return co_await users(std::move(post), true, after);
    default: co_return Part{};
  }
}

Task<Notifications::Part> Notifications::told(posts::FanoutFacts post, std::uint64_t after) {
  Part part;
  if (!is_told(post)) co_return part;
  graph::TiesRequest const page{
      .person = post.author, .kind = graph::TieKind::notifies, .max = TieId{after}, .limit = told_at_once};
  auto const ties = co_await needs_.graph.ties(Call{}, page);
  auto const named = rows_of(post);
  for (auto const& tie : ties.ties) {
    // A post from before they asked is no news, whatever happens to it.
    if (tie.tie.value > post.post.value || names(named, tie.other)) continue;
    Notification& row = part.rows.emplace_back();
    row.person = tie.other;
    row.cause = NotificationId{post.post.value};
    row.kind = Kind::posted;
    row.actor = post.author;
    row.post = post.post;
  }
  if (ties.more) part.after = ties.ties.back().tie.value;
  co_return part;
}

Task<Notifications::Part> Notifications::users(posts::FanoutFacts post, bool quoters, std::uint64_t after) {
  Part part;
  if (post.edit == 0) co_return part;
  posts::UsesRequest const page{.post = post.post, .quotes = quoters, .after = after, .limit = told_at_once};
  auto const uses = co_await needs_.posts.uses(Call{}, page);
  for (auto const& use : uses.uses) {
    // Who came after the edit has seen nothing else.
    if (use.person == post.author || use.post.value > post.edit || names(part.rows, use.person)) continue;
    Notification& row = part.rows.emplace_back();
    row.person = use.person;
    row.cause = NotificationId{post.edit};
    row.kind = quoters ? Kind::quoted_edited : Kind::edited;
    row.actor = post.author;
    row.post = quoters ? use.post : post.post;
  }
  part.after = uses.after;
  co_return part;
}

Task<void> Notifications::tell(posts::FanoutFacts post, Circle circle, std::uint64_t after) {
  Version const seen_at = now_version();
  Part part = co_await this->circle(post, circle, after);
  Time const now = needs_.clock.now();
  for (Notification& row : part.rows) row.expires_at_ = time_of_id(row.cause.value) + needs_.kept_for;
  std::erase_if(part.rows, [&](Notification const& row) { return row.expires_at_ <= now; });
  if (!part.rows.empty()) co_await needs_.tables.put(std::move(part.rows), seen_at);
  if (part.after == 0) co_return;
  std::vector<Event> events;
  events.push_back(needs_.tables.event(TellingContinued{.post = post.post, .circle = circle, .after = part.after}));
  co_await needs_.log.append(std::move(events));
}

Task<void> Notifications::on_telling_continued(TellingContinued event) {
  posts::PostIds one;
  one.posts.push_back(event.post);
  auto facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(one));
  posts::FanoutFacts& post = facts.posts.front();
  if (!post.post || post.state != posts::State::live) co_return;
  co_await tell(std::move(post), event.circle, event.after);
}

}  // namespace kith::notifications
