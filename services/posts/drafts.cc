#include <algorithm>

#include "services/posts/posts.h"

namespace kith::posts {
namespace {

std::int64_t day_of(Time time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

[[noreturn]] void no_such_draft() { throw Error{Code::not_found, "There is no such draft or scheduled post"}; }

DraftItem item_of(Draft const& open) {
  return {.draft = open.draft, .publish_at = open.publish_at, .post = decode<NewPost>(open.post.text())};
}

void check_ahead(Time at, Time now) {
  if (at < now + schedule_ahead_min)
    throw Error{Code::invalid, "A post can be scheduled for at least 5 minutes from now"};
}

void check_day(FoundRows<Draft> const& drafts, Time at, DraftId but = {}) {
  auto const on_that_day = std::ranges::count_if(drafts, [&](auto const& draft) {
    return draft->draft != but && draft->publish_at != no_time && day_of(draft->publish_at) == day_of(at);
  });
  if (static_cast<std::size_t>(on_that_day) >= drafts_a_day_max)
    throw Error{Code::invalid, "At most 25 posts can be scheduled for one day"};
}

// What a refusal at its time leaves of a scheduled post: its author may find it and try again.
bool is_final(Code code) {
  return code == Code::invalid || code == Code::forbidden || code == Code::not_found || code == Code::unauthenticated;
}

}  // namespace

Task<Published> Posts::schedule(Call call, NewPost post, Found<Claim> claimed) {
  if (claimed) {
    auto const there = co_await needs_.tables.get<Draft>({call.viewer, DraftId{claimed->post}});
    if (there) co_return Published{.draft = there->draft};
  }
  check_ahead(post.publish_at, needs_.clock.now());
  co_await prepare(call, post);  // so that what is wrong is said today
  Claimed const claimed_id = co_await claim(call, post.idempotency_key, claimed);
  Draft draft{.account = call.viewer, .draft = DraftId{claimed_id.id}, .publish_at = post.publish_at};
  post.idempotency_key.clear();
  post.publish_at = no_time;
  draft.post = Sealed(encode(post));
  DraftId const id = draft.draft;
  co_await insert_draft(call, std::move(draft));
  co_return Published{.draft = id};
}

// As if it had been there already when it is.
Task<void> Posts::insert_draft(Call call, Draft draft) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const counts = co_await needs_.tables.get<OwnCounts>({call.viewer});
    Scan<Draft> const all{.partition = {call.viewer}, .limit = drafts_max + 1};
    auto const drafts = co_await needs_.tables.scan<Draft>(all);
    if (drafts.rows.size() >= drafts_max)
      throw Error{Code::invalid, "At most 300 posts can wait as drafts or scheduled"};
    if (draft.publish_at != no_time) check_day(drafts, draft.publish_at);
    OwnCounts next = counts ? *counts : OwnCounts{.account = call.viewer};
    ++next.drafts;
    Change change(call.operation);
    change.insert(draft);
    change.replace(counts, next);
    if (draft.publish_at != no_time)
      change.emit(ScheduledDue{.account = call.viewer, .draft = draft.draft}, draft.publish_at);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done() || committed.as_is<Draft>(0)) co_return;
  }
  throw Error{Code::conflict, "Your scheduled posts are being changed elsewhere; please try again"};
}

// Its words have a post's limits; whom it answers and who may see it is judged when it is published.
Task<DraftItem> Posts::save_draft(Call call, DraftItem request) {
  signed_in(call);
  words_of(request.post.text, request.post.warning, false, request.post.language, limits_.now());
  request.publish_at = request.post.publish_at = no_time;
  request.post.idempotency_key.clear();
  Draft draft{.account = call.viewer, .draft = request.draft};
  draft.post = Sealed(encode(request.post));
  if (draft.post.text().size() > draft_bytes_max) throw Error{Code::invalid, "This is too much for a draft"};
  if (!draft.draft) {
    request.draft = draft.draft = needs_.tables.ids().mint_as<DraftId>();
    co_await insert_draft(call, std::move(draft));
    co_return request;
  }
  auto const found = co_await own_draft(call, draft.draft);
  if (found->publish_at != no_time) no_such_draft();
  Change change(call.operation);
  change.replace(found, draft);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) throw Error{Code::conflict, "This draft was changed elsewhere; please try again"};
  co_return request;
}

Task<Published> Posts::publish_draft(Call call, DraftRequest request) {
  signed_in(call);
  // Also one that names its post already: what a crash left is finished.
  auto found = co_await needs_.tables.get<Draft>({call.viewer, request.draft});
  if (!found) no_such_draft();
  auto const outcome = co_await publish_or_keep(std::move(found));
  if (outcome.refused) throw *outcome.refused;
  if (!outcome.post) no_such_draft();
  co_return Published{.post = outcome.post};
}

Task<Drafts> Posts::scheduled(Call call, DraftRequest request) {
  signed_in(call);
  std::vector<Found<Draft>> found;
  Drafts drafts;
  if (request.draft) {
    found.push_back(co_await own_draft(call, request.draft));
    if ((found.front()->publish_at == no_time) != request.undated) no_such_draft();
  } else {
    std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, 80);
    Scan<Draft> scan{.partition = {call.viewer}, .limit = drafts_max};
    if (request.max) scan.from = Draft::sort(DraftId{request.max.value - 1});
    if (request.since) scan.to = Draft::sort(request.since);
    for (auto const& draft : co_await needs_.tables.scan<Draft>(scan)) {
      if ((draft->publish_at == no_time) != request.undated) continue;
      if (found.size() == limit) {
        drafts.more = true;
        break;
      }
      found.push_back(draft);
    }
  }
  for (auto const& draft : co_await needs_.tables.open_many(std::move(found))) drafts.drafts.push_back(item_of(draft));
  co_return drafts;
}

// One that still waits; what is being published can be changed no more.
Task<Found<Draft>> Posts::own_draft(Call call, DraftId draft) {
  auto found = co_await needs_.tables.get<Draft>({call.viewer, draft});
  if (!found || found->published) no_such_draft();
  co_return found;
}

Task<DraftItem> Posts::reschedule(Call call, DraftRequest request) {
  signed_in(call);
  check_ahead(request.publish_at, needs_.clock.now());
  auto const found = co_await own_draft(call, request.draft);
  Scan<Draft> const all{.partition = {call.viewer}, .limit = drafts_max + 1};
  check_day(co_await needs_.tables.scan<Draft>(all), request.publish_at, request.draft);
  Draft draft = *found;
  draft.publish_at = request.publish_at;
  Change change(call.operation);
  change.replace(found, draft);
  change.emit(ScheduledDue{.account = call.viewer, .draft = draft.draft}, draft.publish_at);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) no_such_draft();
  Draft open = co_await needs_.tables.open(found);
  open.publish_at = draft.publish_at;
  co_return item_of(open);
}

Task<void> Posts::drop_scheduled(Call call, DraftRequest request) {
  signed_in(call);
  auto const found = co_await own_draft(call, request.draft);
  if (!co_await take_draft(found, call.operation)) no_such_draft();
}

// False when somebody else took or changed it, who then also sees to it.
Task<bool> Posts::take_draft(Found<Draft> draft, OperationId operation) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const counts = co_await needs_.tables.get<OwnCounts>({draft->account});
    Change change(operation);
    change.erase(draft);
    if (counts) {
      OwnCounts next = *counts;
      next.drafts -= next.drafts > 0 ? 1 : 0;
      change.replace(counts, next);
    }
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return true;
    if (committed.as_is<Draft>(0).version() != draft.version()) co_return false;
  }
  throw Error{Code::conflict, "Your scheduled posts are being changed elsewhere; please try again"};
}

Task<void> Posts::on_scheduled_due(ScheduledDue event) {
  auto const found = co_await needs_.tables.get<Draft>({event.account, event.draft});
  if (!found || found->publish_at == no_time || found->publish_at > needs_.clock.now()) co_return;
  co_await publish_or_keep(found);
}

Task<Posts::DraftOutcome> Posts::publish_or_keep(Found<Draft> found) {
  Draft::Key const key = found->key();
  DraftOutcome outcome;
  try {
    outcome.post = co_await publish_found(std::move(found));
  } catch (Error const& error) {
    if (!is_final(error.code)) throw;
    outcome.refused = error;
  }
  if (!outcome.refused) co_return outcome;
  // It can be no post any more (its parent is gone, its author may not post). It stays, without a date.
  auto const now = co_await needs_.tables.get<Draft>(key);
  if (!now) co_return outcome;
  Draft kept = *now;
  kept.publish_at = no_time;
  kept.published = {};
  Change change;
  change.replace(now, kept);
  co_await needs_.tables.commit(std::move(change));
  co_return outcome;
}

// The draft names the post before it is there (R7), so however often this runs, it is one post.
Task<PostId> Posts::publish_found(Found<Draft> found) {
  Call const author{.viewer = found->account};
  bool const fresh = !found->published;
  Draft const open = co_await needs_.tables.open(found);
  NewPost const post = decode<NewPost>(open.post.text());
  if (fresh) {
    Draft bound = *found;
    bound.published = needs_.tables.ids().mint_as<PostId>();
    Change change;
    change.replace(found, bound);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.conflict()) co_return PostId{};  // rescheduled or dropped in this moment, or a second run of this
    found = co_await needs_.tables.get<Draft>(bound.key());
    if (!found || found->published != bound.published) co_return PostId{};
  }
  PostId const id = found->published;
  if (auto const there = co_await needs_.tables.get<Head>({id}); !there) {
    Ready ready = co_await prepare(author, post);
    co_await insert(author, std::move(ready), id, fresh);
  }
  co_await take_draft(found, 0);
  co_return id;
}

}  // namespace kith::posts
