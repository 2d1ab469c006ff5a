#include "services/posts/posts.h"

namespace kith::posts {
namespace {

// How long a request may take from claiming a share to writing it, before a handler finishes it.
constexpr Duration share_grace = std::chrono::seconds{10};

Head share_head(Share const& claim, AccountId target_author) {
  Head head{.post = claim.share, .author = claim.person};
  head.kind = Kind::share;
  head.state = State::live;
  head.audience = claim.audience;
  head.target = claim.target;
  head.target_author = target_author;
  return head;
}

// Spreading somebody's restricted words is for those who already may read them, and must be meant so.
void check_may_share(Head const& target, Rule shown, AccountId viewer, bool within_audience) {
  if (is_open(shown)) return;
  if (shown == Rule::direct || shown == Rule::only_me || shown == Rule::unspecified)
    throw Error{Code::forbidden, "A post to a few people cannot be shared"};
  if (target.author != viewer && !within_audience)
    throw Error{Code::forbidden, "Its author shows this post to some people only; it cannot be boosted"};
}

}  // namespace

Task<Published> Posts::share(Call call, ShareRequest request) {
  signed_in(call);
  Sight const sight = co_await look(call, request.post);
  if (!sight.visible(request.post)) no_such_post();
  Head const& target = *sight.head(sight.meant(request.post));
  Rule const shown = sight.shown_rule(target);
  check_may_share(target, shown, call.viewer, request.within_audience);

  Audience audience = std::move(request.audience);
  if (audience.rule == Rule::unspecified && !is_open(shown)) audience.rule = Rule::followers;
  Rule otherwise = Rule::public_;
  if (audience.rule == Rule::unspecified) {
    users::Accounts self{.accounts = {call.viewer}};
    auto const people = co_await needs_.users.people(call, std::move(self));
    auto const set = people.people.at(0).default_audience;
    if (set != 0) otherwise = static_cast<Rule>(set);
  }
  audience = co_await checked_audience(call, std::move(audience), nullptr, otherwise);
  co_return co_await share_of(call, target, std::move(audience));
}

// The row of (target, person) claims the id of the share post, so two taps make one share; a crash
// between the two commits is finished by the handler of the event that is due a little later (R7).
Task<Published> Posts::share_of(Call call, Head target, Audience audience) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const row = co_await needs_.tables.get<Share>({target.post, call.viewer});
    Share claim;
    if (row) {
      claim = *row;
      auto const there = co_await needs_.tables.get<Head>({claim.share});
      if (there && there->state != State::deleted) co_return Published{.post = claim.share};
      if (there) claim.share = {};  // it was unshared: this is a new one
    }
    bool const fresh = !claim.share;
    if (fresh) {
      claim = {.target = target.post, .person = call.viewer};
      claim.share = needs_.tables.ids().mint_as<PostId>();
      claim.audience = audience;
      Change change;
      change.replace(row, claim);
      if (!row) change.add<PostCounts>({target.post}, PostCounts::Field::shares, 1);
      change.emit(changed(share_head(claim, target.author), 0), needs_.clock.now() + share_grace);
      auto const claimed = co_await needs_.tables.commit(std::move(change));
      if (claimed.conflict()) continue;
    }
    Head const head = share_head(claim, target.author);
    Change change(call.operation);
    change.insert(head);
    change.emit(changed(head, 0));
    co_await needs_.tables.commit(std::move(change));  // a conflict: the handler was faster
    co_return Published{.post = head.post};
  }
  throw Error{Code::conflict, "This share is being changed elsewhere; please try again"};
}

Task<void> Posts::unshare(Call call, PostRequest request) {
  signed_in(call);
  auto const asked = co_await needs_.tables.get<Head>({request.post});
  if (!asked) no_such_post();
  PostId const target = asked->kind == Kind::share ? asked->target : asked->post;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const row = co_await needs_.tables.get<Share>({target, call.viewer});
    if (!row) co_return;  // it is not shared: that is what was wanted
    auto const there = co_await needs_.tables.get<Head>({row->share});
    Head head = there ? *there : share_head(*row, {});
    head.state = State::deleted;
    Change change(call.operation);
    change.replace(there, head);
    change.emit(changed(head, there.version() + 1));
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  throw Error{Code::conflict, "This share is being changed elsewhere; please try again"};
}

// Makes the claim row and the share's head agree, whichever of the two a crash left alone.
Task<void> Posts::settle_share(PostChanged event, Found<Head> head) {
  auto const row = co_await needs_.tables.get<Share>({event.target, event.author});
  bool const named = row && row->share == event.post;
  Change change;
  if (!head) {
    if (!named) co_return;
    Head const missing = share_head(*row, event.target_author);
    change.insert(missing);
    change.emit(changed(missing, 0));
  } else if (head->state == State::deleted) {
    if (!named) co_return;
    change.erase(row);
    change.add<PostCounts>({event.target}, PostCounts::Field::shares, -1);
  } else {
    if (named) co_return;
    // Only the claim makes a share; without it this one is a double.
    Head gone = *head;
    gone.state = State::deleted;
    change.replace(head, gone);
    change.emit(changed(gone, head.version() + 1));
  }
  co_await needs_.tables.commit(std::move(change));  // a conflict: the caller looks again
}

}  // namespace kith::posts
