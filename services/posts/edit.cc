#include "services/posts/posts.h"

namespace kith::posts {

// Somebody else's post: who may see it is told whose it is, anybody else that there is none.
Task<void> Posts::refuse_foreign(Call call, PostId post) {
  Sight const sight = co_await look(call, post);
  if (!sight.visible(post)) no_such_post();
  throw Error{Code::forbidden, "This is somebody else's post"};
}

Task<void> Posts::edit(Call call, EditPost request) {
  signed_in(call);
  // A second device of the same person may have edited in between: its edit stays in the history,
  // and this one goes on top of it.
  for (int attempt = 0; attempt < 2; ++attempt)
    if (co_await edit_once(call, request)) co_return;
  throw Error{Code::conflict, "This post is being edited elsewhere; please try again"};
}

Task<bool> Posts::edit_once(Call call, EditPost const& request) {
  auto const found = co_await needs_.tables.get<Head>({request.post});
  if (found && found->author != call.viewer) co_await refuse_foreign(call, request.post);
  if (!found || found->state != State::live) no_such_post();
  if (found->kind == Kind::share) throw Error{Code::invalid, "A share has no words to edit"};
  Head head = *found;
  Change change(call.operation);

  bool const words_change = request.text || request.warning || request.sensitive || request.language;
  if (words_change) {
    if (head.versions.size() >= versions_max) throw Error{Code::invalid, "A post can be edited 99 times"};
    auto const current = co_await needs_.tables.get<Version>({head.post, head.versions.back()});
    if (!current) throw Error{Code::unavailable, "This post cannot be read just now"};
    Version version = co_await needs_.tables.open(current);
    std::string const text = request.text.value_or(version.text.text());
    std::string const warning = request.warning.value_or(version.warning.text());
    std::string const language = request.language.value_or(version.language);
    bool const sensitive = request.sensitive.value_or(version.sensitive);
    Words const words = words_of(text, warning, sensitive, language, limits_.now());
    bool const same = words.text == version.text.text() && words.warning == version.warning.text() &&
                      words.sensitive == version.sensitive && words.language == version.language;
    if (!same) {
      // Each try mints its own, so a loser overwrites nothing.
      version.version = needs_.tables.ids().mint();
      version.text = words.text;
      version.warning = words.warning;
      version.sensitive = words.sensitive;
      version.language = words.language;
      version.tags = words.tags();
      version.links = words.links();
      version.mentions = co_await mentions_of(call, words);
      head.mentioned.clear();
      for (Mention const& mention : version.mentions)
        if (mention.account != call.viewer) head.mentioned.push_back(mention.account);
      head.versions.push_back(version.version);
      head.edited_at = needs_.clock.now();
      change.first(version, static_cast<kith::Version>(version.version));
    }
  }
  if (request.audience) {
    Found<Head> root;
    if (head.root) root = co_await needs_.tables.get<Head>({head.root});
    Audience audience = *request.audience;
    head.audience = co_await checked_audience(call, std::move(audience), root ? &*root : nullptr, head.audience.rule);
  }
  if (request.replies) head.replies = *request.replies;
  if (request.quotes) head.quotes = *request.quotes;
  if (head == *found) co_return true;
  change.replace(found, head);
  change.emit(changed(head, found.version() + 1));
  auto const committed = co_await needs_.tables.commit(std::move(change));
  co_return committed.done();
}

Task<void> Posts::revoke_quote(Call call, RevokeRequest request) {
  signed_in(call);
  for (int attempt = 0; attempt < 4; ++attempt) {
    auto const quoted = co_await needs_.tables.get<Head>({request.post});
    if (!quoted || quoted->author != call.viewer) co_await refuse_foreign(call, request.post);
    auto const found = co_await needs_.tables.get<Head>({request.quote});
    Sight const sight = co_await look(call, request.quote);
    bool const quotes = found && found->kind == Kind::quote && found->target == request.post;
    if (!quotes || !sight.visible(request.quote)) no_such_post();
    if (found->quote_revoked) co_return;
    Head head = *found;
    head.quote_revoked = true;
    Change change(call.operation);
    change.replace(found, head);
    change.emit(changed(head, found.version() + 1));
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  throw Error{Code::conflict, "This post is being changed elsewhere; please try again"};
}

Task<void> Posts::delete_(Call call, PostRequest request) {
  signed_in(call);
  bool const moderates = call.role == Role::moderator || call.role == Role::admin;
  for (int attempt = 0; attempt < 4; ++attempt) {
    auto const found = co_await needs_.tables.get<Head>({request.post});
    if (!found || found->state == State::deleted) no_such_post();
    if (found->author != call.viewer && !moderates) co_await refuse_foreign(call, request.post);
    Head head = *found;
    head.state = State::deleted;
    Change change(call.operation);
    change.replace(found, head);
    change.emit(changed(head, found.version() + 1));
    change.emit(PostDeleted{.post = head.post, .author = head.author});
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  throw Error{Code::conflict, "This post is being changed elsewhere; please try again"};
}

}  // namespace kith::posts
