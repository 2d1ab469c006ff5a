#include "services/notifications/notifications.h"

#include <algorithm>

namespace kith::notifications {
namespace {

bool wanted(PageRequest const& request, Notification const& row) {
  auto const in = [&](std::vector<Kind> const& kinds) { return std::ranges::find(kinds, row.kind) != kinds.end(); };
  if (!request.kinds.empty() && !in(request.kinds)) return false;
  if (in(request.without)) return false;
  return !request.actor || row.actor == request.actor;
}

// An edit is news until the next one.
bool is_current(Notification const& row, posts::SeenPost const& post) {
  if (row.kind == Kind::edited) return post.facts.content_version == row.cause.value;
  if (row.kind != Kind::quoted_edited) return true;
  return post.target_visible && post.target && post.target->content_version == row.cause.value;
}

}  // namespace

Task<std::vector<Item>> Notifications::shown(Call call, std::vector<Found<Notification>> rows) {
  std::vector<Item> items;
  if (rows.empty()) co_return items;
  // Round one: what was dismissed, and the ties to those who acted; round two: the posts.
  std::vector<Dismissed::Key> dismissed;
  dismissed.push_back({call.viewer, NotificationId{}});
  graph::Questions questions;
  posts::SeeRequest see;
  for (auto const& row : rows) {
    dismissed.push_back({call.viewer, row->cause});
    questions.questions.push_back({.author = row->actor});
    if (row->post && std::ranges::find(see.posts, row->post) == see.posts.end()) see.posts.push_back(row->post);
  }
  auto const gone = co_await needs_.tables.get_many<Dismissed>(std::move(dismissed));
  auto const policy = co_await needs_.tables.get<Policy>({call.viewer});
  bool const holds = policy && holds_anything(*policy);
  std::vector<Found<Sender>> said(rows.size());
  if (holds) said = co_await senders(call.viewer, rows);
  auto const ties = co_await needs_.graph.judge(call, std::move(questions));
  std::vector<PostId> const posts = see.posts;
  posts::Seen seen;
  if (!posts.empty()) seen = co_await needs_.posts.see(call, std::move(see));
  NotificationId const cleared = gone.front() ? gone.front()->cleared_up_to : NotificationId{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Notification const& row = *rows[i];
    graph::Judged const& tie = ties.judged[i];
    if (gone[i + 1] || row.cause <= cleared || tie.blocked || tie.mutes_notifications) continue;
    posts::SeenPost const* about = nullptr;
    if (row.post) {
      auto const at = static_cast<std::size_t>(std::ranges::find(posts, row.post) - posts.begin());
      posts::SeenPost const& post = seen.posts[at];
      // A muted conversation is quiet, whatever happens in it.
      if (!post.visible || post.facts.thread_muted || !is_current(row, post)) continue;
      about = &post;
    }
    Item item{.id = row.cause, .kind = row.kind, .actor = row.actor, .post = row.post, .reaction = row.reaction};
    if (holds) {
      Hold const hold = verdict(*policy, said[i] ? &*said[i] : nullptr, row, tie, about, needs_.clock.now());
      if (hold == Hold::drop) continue;
      item.held = hold == Hold::filter;
    }
    items.push_back(std::move(item));
  }
  co_return items;
}

Task<NotificationPage> Notifications::page(Call call, PageRequest request) {
  AccountId const me = signed_in(call);
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, page_max);
  bool const upwards = static_cast<bool>(request.min);
  NotificationPage page;
  for (std::size_t scan = 0; scan < scans_max && page.items.size() < limit; ++scan) {
    Scan<Notification> part{.partition = {me}};
    part.limit = limit - page.items.size() + 8;
    if (request.max) part.from = after(Notification::sort(request.max));
    if (request.since) part.to = Notification::sort(request.since);
    if (request.min) {
      part.to = Notification::sort(request.min);
      part.backwards = true;
    }
    auto const rows = co_await needs_.tables.scan<Notification>(std::move(part));
    page.more = rows.more;
    if (rows.rows.empty()) break;
    std::vector<Found<Notification>> fitting;
    for (auto const& row : rows)
      if (wanted(request, *row)) fitting.push_back(row);
    auto const items = co_await shown(call, std::move(fitting));
    NotificationId last = rows.rows.back()->cause;
    for (Item const& item : items) {
      if (item.held && !request.with_held) continue;
      if (page.items.size() == limit) {
        page.more = true;
        last = page.items.back().id;
        break;
      }
      page.items.push_back(item);
    }
    NotificationId const newest = rows.rows.front()->cause;
    page.first = upwards ? last : (page.first ? page.first : newest);
    page.last = upwards ? (page.last ? page.last : newest) : last;
    if (!rows.more) break;
    (upwards ? request.min : request.max) = last;
  }
  if (upwards) {
    std::ranges::reverse(page.items);
    page.more = true;
  }
  co_return page;
}

Task<Item> Notifications::get(Call call, ItemRequest request) {
  auto const row = co_await needs_.tables.get<Notification>({signed_in(call), request.id});
  std::vector<Found<Notification>> one;
  if (row) one.push_back(row);
  auto items = co_await shown(call, std::move(one));
  if (items.empty()) throw Error{Code::not_found, "Record not found"};
  co_return std::move(items.front());
}

Task<void> Notifications::dismiss(Call call, ItemRequest request) {
  AccountId const me = signed_in(call);
  auto const there = co_await needs_.tables.get<Notification>({me, request.id});
  if (!there) co_return;  // gone in another way: there is nothing to remember
  auto const before = co_await needs_.tables.get<Dismissed>({me, request.id});
  if (before) co_return;
  Change change(call.operation);
  change.insert(Dismissed{.person = me, .cause = request.id, .expires_at_ = there->expires_at_});
  co_await needs_.tables.commit(std::move(change));
}

Task<void> Notifications::clear(Call call) {
  AccountId const me = signed_in(call);
  // By time, not by what is there: what happened before and is told later is cleared too.
  NotificationId const now = needs_.tables.ids().mint_as<NotificationId>();
  Change change(call.operation);
  change.put(Dismissed{.person = me, .cleared_up_to = now});
  co_await needs_.tables.commit(std::move(change));
  // What was dismissed one by one below that line needs no rows any more.
  Scan<Dismissed> old{.partition = {me}, .from = Dismissed::sort(NotificationId{1})};
  old.to = after(Dismissed::sort(now));
  for (bool more = true; more;) {
    auto const page = co_await needs_.tables.scan<Dismissed>(old);
    if (page.rows.empty()) break;
    Change forget;
    for (auto const& row : page) forget.erase<Dismissed>(row->key());
    co_await needs_.tables.commit(std::move(forget));
    more = page.more;
  }
}

Task<Count> Notifications::unread(Call call, CountRequest request) {
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, 1'000);
  PageRequest page{.since = request.since, .limit = page_max, .kinds = request.kinds, .without = request.without};
  Count count;
  for (bool more = true; more && count.count < limit;) {
    auto const found = co_await this->page(call, page);
    count.count += found.items.size();
    more = found.more && found.last;
    page.max = found.last;
  }
  count.count = std::min<std::uint64_t>(count.count, limit);
  co_return count;
}

}  // namespace kith::notifications
