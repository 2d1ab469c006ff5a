#include <algorithm>

#include "base/all.h"
#include "base/text.h"
#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr int follow_attempts_max = 10;  // events of one post come close together

[[noreturn]] void too_busy() {
  throw Error{Code::unavailable, "Please try again", "derived rows of a post kept moving"};
}

}  // namespace

AuthorPost author_post(Head const& head, Version const* version) {
  AuthorPost row{.author = head.author, .post = head.post};
  row.kind = head.kind;
  row.parent_author = head.parent_author;
  row.target = head.target;
  row.target_author = head.target_author;
  row.rule = head.audience.rule;
  row.root_author = head.root_author;
  if (version != nullptr)
    for (auto const& tag : version->tags) row.tags.push_back(fold(tag));
  return row;
}

Change listed(AuthorPost const& row, Found<AuthorCounts> const& counts) {
  AuthorCounts next = counts ? *counts : AuthorCounts{.author = row.author};
  ++next.posts;
  next.last = std::max(next.last, row.post);
  Change change;
  change.insert(row);
  change.replace(counts, next);
  return change;
}

// Whatever the event says, the head is read, and the rows that follow from it are made equal to it;
// if it moved meanwhile, again.
Task<void> Posts::on_post_changed(PostChanged event) {
  for (int attempt = 0; attempt < follow_attempts_max; ++attempt) {
    auto const head = co_await needs_.tables.get<Head>({event.post});
    bool const share = head ? head->kind == Kind::share : static_cast<bool>(event.target);
    if (share) co_await settle_share(event, head);
    if (head) {
      bool const there = head->state != State::deleted;
      // Side by side, so that they share one synced write.
      std::vector<Task<void>> rows;
      rows.push_back(list_by_author(head));
      if (head->parent) {
        rows.push_back(derive(Reply{.parent = head->parent, .post = head->post, .author = head->author}, there,
                              std::optional(PostCounts::Field::replies)));
        rows.push_back(
            derive(ThreadPost{.root = head->root, .post = head->post, .parent = head->parent, .author = head->author},
                   there, std::nullopt));
      }
      if (head->kind == Kind::quote)
        rows.push_back(derive(Quote{.target = head->target, .post = head->post, .author = head->author},
                              there && !head->quote_revoked, std::optional(PostCounts::Field::quotes)));
      if (!there) {
        rows.push_back(unpin_deleted(head));
        if (!head->versions.empty()) rows.push_back(purge_versions(head->post));
      }
      if (rows.size() == 1)
        co_await std::move(rows.front());
      else
        co_await kith::all(std::move(rows));
    }
    auto const after = co_await needs_.tables.get<Head>({event.post});
    if (after.version() == head.version()) co_return;
  }
  too_busy();
}

// One derived row, there exactly when the post is, and the number beside it.
template <class Row>
Task<void> Posts::derive(Row row, bool there, std::optional<PostCounts::Field> counted) {
  for (int attempt = 0; attempt < follow_attempts_max; ++attempt) {
    auto const is = co_await needs_.tables.get<Row>(row.key());
    if (static_cast<bool>(is) == there) co_return;  // what it says never changes
    Change change;
    if (there)
      change.insert(row);
    else
      change.erase(is);
    if constexpr (requires { row.target; })
      change.add<PostCounts>({row.target}, *counted, there ? 1 : -1);
    else if constexpr (requires { row.root; })
      static_cast<void>(counted);
    else
      change.add<PostCounts>({row.parent}, *counted, there ? 1 : -1);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  too_busy();
}

// The author's list and its count. They change together, so the count is checked like a row: one
// person's posts are few enough not to compete.
Task<void> Posts::list_by_author(Found<Head> head) {
  bool const there = head->state != State::deleted;
  Found<Version> version;
  if (there && !head->versions.empty())
    version = co_await needs_.tables.get<Version>({head->post, head->versions.back()});
  AuthorPost const row = author_post(*head, version ? &*version : nullptr);
  for (int attempt = 0; attempt < follow_attempts_max; ++attempt) {
    auto const is = co_await needs_.tables.get<AuthorPost>({row.author, row.post});
    if (there ? (is && *is == row) : !is) co_return;
    Change change;
    if (there && is) {
      change.replace(is, row);
    } else {
      auto const counts = co_await needs_.tables.get<AuthorCounts>({row.author});
      if (there) {
        change = listed(row, counts);
      } else {
        AuthorCounts next = counts ? *counts : AuthorCounts{.author = row.author};
        change.erase(is);
        next.posts -= std::min<std::uint64_t>(next.posts, 1);
        if (next.last == row.post) {
          Scan<AuthorPost> const newest{.partition = {row.author}, .limit = 2};
          next.last = {};
          for (auto const& other : co_await needs_.tables.scan<AuthorPost>(newest))
            if (other->post != row.post) next.last = std::max(next.last, other->post);
        }
        change.replace(counts, next);
      }
    }
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return;
  }
  too_busy();
}

Task<void> Posts::unpin_deleted(Found<Head> head) {
  Call const author{.viewer = head->author};
  Switch const off{.post = head->post, .on = false};
  co_await pin(author, off);
}

// Also what a lost try to edit left behind; so all of them, whatever the head names.
Task<void> Posts::purge_versions(PostId post) {
  for (;;) {
    Scan<Version> const all{.partition = {post}, .limit = scan_max};
    auto const versions = co_await needs_.tables.scan<Version>(all);
    std::vector<Version::Key> keys;
    kith::Version newest = 0;
    for (auto const& version : versions) {
      keys.push_back(version->key());
      newest = std::max(newest, version.version());
    }
    if (keys.empty()) co_return;
    co_await needs_.tables.erase<Version>(std::move(keys), newest + 1);
    if (!versions.more) co_return;
  }
}

}  // namespace kith::posts
