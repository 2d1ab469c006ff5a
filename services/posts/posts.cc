#include "services/posts/posts.h"

#include <algorithm>

#include "base/all.h"
#include "base/text.h"

namespace kith::posts {
namespace {

Facts facts_of(Sight const& sight, Head const& head, AccountId viewer) {
  Facts facts{.post = head.post, .author = head.author};
  facts.head_version = sight.head_version(head.post);
  facts.content_version = head.versions.empty() ? 0 : head.versions.back();
  facts.kind = head.kind;
  if (head.author == viewer)
    facts.audience = head.audience;
  else
    facts.audience.rule = head.audience.rule;
  facts.shown_rule = sight.shown_rule(head);
  facts.root = head.root;
  facts.parent = head.parent;
  facts.parent_author = head.parent_author;
  facts.target = head.target;
  facts.target_author = head.target_author;
  facts.edited_at = head.edited_at;
  facts.app = head.app;
  facts.replies = head.replies;
  facts.quotes = head.quotes;
  facts.quote_revoked = head.quote_revoked;
  if (!viewer) return facts;
  graph::Judged const& tie = sight.tie(head.author);
  facts.author_muted = tie.mutes;
  facts.hides_shares = tie.hides_shares;
  facts.author_followed = tie.follows;
  facts.author_friend = tie.friend_;
  facts.author_excluded = tie.excluded;
  facts.mentions_me = std::ranges::find(head.mentioned, viewer) != head.mentioned.end();
  return facts;
}

// The other side of a share or quote: there, and for this viewer; or gone; or neither.
void show_target(Sight const& sight, Head const& head, AccountId viewer, bool& visible, bool& gone,
                 std::optional<Facts>& facts) {
  if (head.quote_revoked) return;
  Head const* const target = sight.head(head.target);
  visible = sight.visible(head.target);
  if (visible)
    facts = facts_of(sight, *target, viewer);
  else
    gone = target == nullptr || target->state == State::deleted;
}

// A quote inside a quote is named, not shown.
void name_inner(Sight const& sight, std::optional<Facts> const& quote, SeenPost& seen) {
  if (!quote || quote->kind != Kind::quote || quote->quote_revoked) return;
  if (sight.visible(quote->target)) {
    seen.inner = quote->target;
    return;
  }
  Head const* const inner = sight.head(quote->target);
  seen.inner_gone = inner == nullptr || inner->state == State::deleted;
}

SeenPost seen_of(Sight const& sight, PostId post, AccountId viewer) {
  SeenPost seen;
  if (!sight.visible(post)) return seen;
  Head const& head = *sight.head(post);
  seen.visible = true;
  seen.facts = facts_of(sight, head, viewer);
  if (!head.target) return seen;
  show_target(sight, head, viewer, seen.target_visible, seen.target_gone, seen.target);
  if (head.kind != Kind::share) {
    name_inner(sight, seen.target, seen);
    return seen;
  }
  if (!seen.target || !seen.target->target) return seen;
  show_target(sight, *sight.head(head.target), viewer, seen.quoted_visible, seen.quoted_gone, seen.quoted);
  name_inner(sight, seen.quoted, seen);
  return seen;
}

Seen seen_by(Sight& sight, SeeRequest const& request, AccountId viewer) {
  Seen seen;
  seen.posts.reserve(request.posts.size());
  for (PostId const post : request.posts) seen.posts.push_back(seen_of(sight, post, viewer));
  if (request.with_stamps) seen.stamps = sight.take_stamps();
  return seen;
}

// What has counts of its own; all that is done to a share is done to what it shares.
std::vector<Facts*> shown_of(Seen& seen) {
  std::vector<Facts*> shown;
  shown.reserve(seen.posts.size() * 2);
  for (SeenPost& post : seen.posts) {
    if (!post.visible) continue;
    if (post.facts.kind != Kind::share) shown.push_back(&post.facts);
    if (post.target) shown.push_back(&*post.target);
    if (post.quoted) shown.push_back(&*post.quoted);
  }
  return shown;
}

FanoutFacts fanout_facts(Found<Head> const& found, posts::Version const* version) {
  FanoutFacts facts{.post = found->post, .author = found->author};
  facts.head_version = found.version();
  facts.state = found->state;
  facts.kind = found->kind;
  facts.rule = found->audience.rule;
  facts.root_author = found->root_author;
  facts.parent_author = found->parent_author;
  facts.target = found->target;
  facts.target_author = found->target_author;
  facts.mentioned = found->mentioned;
  facts.parent = found->parent;
  facts.root = found->root;
  if (found->versions.size() > 1) facts.edit = found->versions.back();
  if (version != nullptr)
    for (auto const& tag : version->tags) facts.tags.push_back(fold(tag));
  return facts;
}

}  // namespace

void no_such_post() { throw Error{Code::not_found, "There is no such post"}; }

Task<Sight> Posts::look(Call call, std::vector<PostId> posts, Sight::Named named) {
  Sight::Needs const needs{needs_.tables, needs_.users, needs_.graph};
  return Sight::of(needs, call, std::move(posts), std::move(named));
}

Task<Sight> Posts::look(Call call, PostId post) { return look(call, std::vector<PostId>(1, post)); }

Task<Seen> Posts::see(Call call, SeeRequest request) {
  if (request.posts.size() > see_max || request.targets.size() > see_max)
    throw Error{Code::invalid, "At most 500 posts can be asked for at once"};
  co_return co_await see_all(call, std::move(request));
}

Task<Seen> Posts::see_all(Call call, SeeRequest request) {
  if (needs_.tables.apart() && !request.verdict_only) co_return co_await see_apart(call, std::move(request));
  Sight::Named named{std::move(request.authors), std::move(request.targets)};
  Sight sight = co_await look(call, request.posts, std::move(named));
  Seen seen = seen_by(sight, request, call.viewer);
  if (!request.verdict_only) co_await fill(call, shown_of(seen));
  co_return seen;
}

// Verdicts beside what stands beside the posts, though it is not known yet which of it will be shown.
Task<Seen> Posts::see_apart(Call call, SeeRequest request) {
  std::vector<PostId> asked = request.posts;
  asked.insert(asked.end(), request.targets.begin(), request.targets.end());
  bool const own = call.viewer && std::ranges::find(request.authors, call.viewer) != request.authors.end();
  Sight::Named named{std::move(request.authors), std::move(request.targets)};
  auto [sight, marks] =
      co_await kith::all(look(call, request.posts, std::move(named)), marks_of(call, std::move(asked), {}, own));
  Seen seen = seen_by(sight, request, call.viewer);
  co_await fill(call, shown_of(seen), std::move(marks));
  co_return seen;
}

Task<ContentList> Posts::contents(Call, ContentKeys request) {
  std::vector<Version::Key> keys;
  keys.reserve(request.keys.size());
  for (auto const& key : request.keys) keys.push_back({key.post, key.version});
  auto const rows = co_await needs_.tables.get_many<Version>(std::move(keys));
  std::vector<Found<Version>> there;
  there.reserve(rows.size());
  for (auto const& row : rows)
    if (row) there.push_back(row);
  auto open = co_await needs_.tables.open_many(std::move(there));
  ContentList list;
  list.contents.reserve(rows.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Content& content = list.contents.emplace_back();
    content.post = request.keys[i].post;
    if (!rows[i]) continue;
    Version& version = open[next++];
    content.author = version.author;
    if (version.text.dark()) continue;  // its author was erased
    content.version = version.version;
    content.text = version.text.text();
    content.warning = version.warning.text();
    content.sensitive = version.sensitive;
    content.language = std::move(version.language);
    content.tags = std::move(version.tags);
    content.mentions = std::move(version.mentions);
  }
  co_return list;
}

Task<VersionList> Posts::history(Call call, PostRequest request) {
  Sight const sight = co_await look(call, request.post);
  PostId const post = sight.meant(request.post);
  if (!sight.visible(request.post)) no_such_post();
  Head const& head = *sight.head(post);
  ContentKeys keys;
  for (auto const version : head.versions) keys.keys.push_back({post, version});
  auto words = co_await contents(call, std::move(keys));
  VersionList list;
  for (std::size_t i = 0; i < words.contents.size(); ++i) {
    Content& content = words.contents[i];
    if (content.version == 0) continue;
    // The id of a version is minted when it is written; the first may be older than the post's own.
    std::uint64_t const id = i == 0 ? post.value : content.version;
    list.versions.push_back({.content = std::move(content), .at = time_of_id(id)});
  }
  co_return list;
}

Task<AuthorCountsPage> Posts::author_counts(Call, AuthorCountsRequest request) {
  std::vector<AuthorCounts::Key> keys;
  keys.reserve(request.authors.size());
  for (AccountId const author : request.authors) keys.push_back({author});
  auto const rows = co_await needs_.tables.get_many<AuthorCounts>(std::move(keys));
  AuthorCountsPage page;
  page.authors.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    AuthorCountsItem& item = page.authors.emplace_back();
    item.author = request.authors[i];
    if (!rows[i]) continue;
    item.version = rows[i].version();
    item.posts = rows[i]->posts;
    item.last = rows[i]->last;
  }
  co_return page;
}

// As the handler of the event does: a head that is deleted meanwhile must not stay listed. Whoever asks for
// this asks again until it succeeds, so a row that a failure left behind does not stay either.
Task<void> Posts::list_until_still(Found<Head> head) {
  for (;;) {
    co_await list_by_author(head);
    auto const after = co_await needs_.tables.get<Head>(head->key());
    if (after.version() == head.version()) co_return;
    head = after;
  }
}

Task<FanoutFactsPage> Posts::fanout_facts_of(Call, PostIds request) {
  std::vector<Head::Key> keys;
  keys.reserve(request.posts.size());
  for (PostId const post : request.posts) keys.push_back({post});
  auto const heads = co_await needs_.tables.get_many<Head>(std::move(keys));
  std::vector<Version::Key> wanted;
  for (auto const& head : heads)
    if (head && head->state == State::live && !head->versions.empty())
      wanted.push_back({head->post, head->versions.back()});
  auto const versions = co_await needs_.tables.get_many<Version>(wanted);
  if (request.listed)
    for (auto const& head : heads)
      if (head) co_await list_until_still(head);
  FanoutFactsPage page;
  page.posts.reserve(heads.size());
  std::size_t next = 0;
  for (auto const& head : heads) {
    if (!head) {
      page.posts.emplace_back();
      continue;
    }
    bool const asked = next < wanted.size() && wanted[next].post == head->post;
    auto const* const version = asked && versions[next] ? &*versions[next] : nullptr;
    if (asked) ++next;
    page.posts.push_back(fanout_facts(head, version));
    if (version == nullptr || !version->links || head->audience.rule != Rule::public_) continue;
    auto const open = co_await needs_.tables.open(versions[next - 1]);
    page.posts.back().links = text::extract(open.text.text(), limits_->own_host).link_keys();
  }
  co_return page;
}

}  // namespace kith::posts
