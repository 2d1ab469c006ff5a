#include "services/posts/posts.h"

namespace kith::posts {
namespace {

[[noreturn]] void elsewhere() { throw Error{Code::conflict, "This was changed elsewhere; please try again"}; }

}  // namespace

Task<void> Posts::pin(Call call, Switch request) {
  signed_in(call);
  if (request.on) {
    Sight const sight = co_await look(call, request.post);
    if (!sight.visible(request.post)) no_such_post();
    Head const& head = *sight.head(request.post);
    if (head.author != call.viewer) throw Error{Code::invalid, "Only your own posts can be pinned"};
    if (head.kind == Kind::share) throw Error{Code::invalid, "A share cannot be pinned"};
    Rule const shown = sight.shown_rule(head);
    if (shown == Rule::direct || shown == Rule::only_me)
      throw Error{Code::invalid, "A post to a few people cannot be pinned"};
  }
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    Scan<Pin> const scan{.partition = {call.viewer}, .limit = scan_max};
    auto const pins = co_await needs_.tables.scan<Pin>(scan);
    Found<Pin> there;
    for (auto const& pin : pins)
      if (pin->post == request.post) there = pin;
    if (static_cast<bool>(there) == request.on) co_return;
    // The count is read before the pins are counted upon, and checked: the sixth of two at once fails.
    auto const counts = co_await needs_.tables.get<OwnCounts>({call.viewer});
    OwnCounts next = counts ? *counts : OwnCounts{.account = call.viewer};
    Change change(call.operation);
    if (request.on) {
      if (next.pins >= pins_max) throw Error{Code::invalid, "At most 5 posts can be pinned"};
      ++next.pins;
      change.insert(Pin{.account = call.viewer, .pin = needs_.tables.ids().mint(), .post = request.post});
    } else {
      next.pins -= next.pins > 0 ? 1 : 0;
      change.erase(there);
    }
    change.replace(counts, next);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  elsewhere();
}

Task<void> Posts::mute_thread(Call call, Switch request) {
  signed_in(call);
  Sight const sight = co_await look(call, request.post);
  if (!sight.visible(request.post)) no_such_post();
  Head const& head = *sight.head(sight.meant(request.post));
  MutedThread const row{.account = call.viewer, .root = head.root ? head.root : head.post};
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const there = co_await needs_.tables.get<MutedThread>(row.key());
    if (static_cast<bool>(there) == request.on) co_return;
    auto const counts = co_await needs_.tables.get<OwnCounts>({call.viewer});
    OwnCounts next = counts ? *counts : OwnCounts{.account = call.viewer};
    Change change(call.operation);
    if (request.on) {
      if (next.muted_threads >= muted_threads_max)
        throw Error{Code::invalid, "At most 20,000 conversations can be muted"};
      ++next.muted_threads;
      change.insert(row);
    } else {
      next.muted_threads -= next.muted_threads > 0 ? 1 : 0;
      change.erase(there);
    }
    change.replace(counts, next);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  elsewhere();
}

}  // namespace kith::posts
