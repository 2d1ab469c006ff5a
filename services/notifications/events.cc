// From what happened to whom it matters. Each handler reads the cause's row and makes the
// notification equal to it, so a like taken back before anybody looked never shows.

#include <algorithm>

#include "services/notifications/notifications.h"

namespace kith::notifications {

std::vector<Notification> rows_of(posts::FanoutFacts const& post) {
  Notification const row{.cause = NotificationId{post.post.value}, .actor = post.author, .post = post.post};
  // Each person once, for the nearest reason.
  std::vector<Notification> rows;
  auto const tell = [&](AccountId person, Kind kind) {
    if (!person || person == post.author || std::ranges::find(rows, person, &Notification::person) != rows.end())
      return;
    rows.push_back(row);
    rows.back().person = person;
    rows.back().kind = kind;
  };
  if (post.kind == posts::Kind::share) {
    tell(post.target_author, Kind::shared);
    if (!rows.empty()) rows.back().post = post.target;
    return rows;
  }
  tell(post.parent_author, Kind::mention);
  for (AccountId const person : post.mentioned) tell(person, Kind::mention);
  tell(post.target_author, Kind::quoted);
  return rows;
}

Version Notifications::now_version() const { return needs_.clock.now().time_since_epoch().count(); }

Task<void> Notifications::settle(Notification row, bool stands, Version seen_at) {
  if (row.person == row.actor || !row.person || !row.cause) co_return;
  row.expires_at_ = time_of_id(row.cause.value) + needs_.kept_for;
  if (!stands) {
    std::vector<Notification::Key> gone(1, row.key());
    co_await needs_.tables.erase<Notification>(std::move(gone), seen_at);
  } else if (row.expires_at_ > needs_.clock.now()) {
    std::vector<Notification> rows;
    rows.push_back(std::move(row));
    co_await needs_.tables.put(std::move(rows), seen_at);
  }
}

Task<void> Notifications::on_pair_changed(graph::PairChanged event) {
  for (graph::Cause const& cause : event.causes) {
    AccountId const holder = cause.hi ? event.hi : event.lo;
    AccountId const other = cause.hi ? event.lo : event.hi;
    bool const follow = cause.kind == graph::TieKind::following;
    if (!follow && cause.kind != graph::TieKind::asked) continue;
    Version const seen_at = now_version();
    graph::Questions one;
    one.questions.push_back({.author = other});
    auto const ties = co_await needs_.graph.judge(Call{.viewer = holder}, std::move(one));
    graph::Judged const& tie = ties.judged.front();
    bool const stands = (follow ? tie.follow : tie.request) == cause.tie;
    // Who accepts a request knows that the asker now follows: made by the other, it is no news.
    if (stands && holder != event.actor) continue;
    Notification row{.person = other, .cause = NotificationId{cause.tie.value}};
    row.kind = follow ? Kind::followed : Kind::asked;
    row.actor = holder;
    co_await settle(std::move(row), stands, seen_at);
  }
}

Task<void> Notifications::on_post_changed(posts::PostChanged event) {
  Version const seen_at = now_version();
  posts::PostIds one;
  one.posts.push_back(event.post);
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(one));
  posts::FanoutFacts const& post = facts.posts.front();
  // What is deleted is hidden when it is read.
  if (!post.post || post.state != posts::State::live) co_return;
  auto rows = rows_of(post);
  for (Notification& row : rows) co_await settle(std::move(row), true, seen_at);
  for (Circle const circle : {Circle::told, Circle::quoters, Circle::sharers}) co_await tell(post, circle, 0);
}

Task<void> Notifications::on_reaction_changed(reactions::ReactionChanged event) {
  Version const seen_at = now_version();
  reactions::CauseRequest const wanted{event.post, event.person};
  auto const reaction = co_await needs_.reactions.find(Call{}, wanted);
  Notification row{.person = event.author, .cause = NotificationId{event.reaction.value}, .kind = Kind::reacted};
  row.actor = event.person;
  row.post = event.post;
  row.reaction = static_cast<std::uint32_t>(reaction.kind);
  co_await settle(std::move(row), reaction.id == event.reaction.value, seen_at);
}

}  // namespace kith::notifications
