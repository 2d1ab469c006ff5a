// What authors wrote last, for feeds that are built or merged on read. Ids only: whether anybody may
// see them is asked of `see` when they are shown.

#include <algorithm>

#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr std::size_t authors_max = 1'000;
constexpr std::size_t each_max = 100;
constexpr Duration totals_kept_for = std::chrono::minutes{10};

}  // namespace

// Summed over authors, at most every ten minutes: nobody waits for this number.
Task<PostTotals> Posts::totals(Call) {
  {
    std::lock_guard const lock(totals_mutex_);
    if (totals_counted_ != Duration::min() && needs_.clock.monotonic() < totals_counted_ + totals_kept_for)
      co_return totals_;
  }
  PostTotals totals;
  std::string cursor;
  do {
    auto [rows, next] = co_await needs_.tables.walk<AuthorCounts>(std::move(cursor), scan_max);
    for (auto const& row : rows) totals.posts += row->posts;
    cursor = std::move(next);
  } while (!cursor.empty());
  std::lock_guard const lock(totals_mutex_);
  totals_ = totals;
  totals_counted_ = needs_.clock.monotonic();
  co_return totals;
}

Task<RecentPosts> Posts::recent(Call, RecentRequest request) {
  if (request.authors.size() > authors_max) throw Error{Code::invalid, "Ask for at most 1,000 authors at once"};
  RecentPosts recent;
  for (AccountId const author : request.authors) {
    Scan<AuthorPost> scan{.partition = {author}};
    scan.limit = std::clamp<std::size_t>(request.limit, 1, each_max);
    if (request.max) scan.from = after(AuthorPost::sort(request.max));
    if (request.since) scan.to = AuthorPost::sort(request.since);
    for (auto const& row : co_await needs_.tables.scan<AuthorPost>(std::move(scan))) {
      recent.posts.push_back({.post = row->post,
                              .author = author,
                              .kind = row->kind,
                              .parent_author = row->parent_author,
                              .target = row->target,
                              .target_author = row->target_author,
                              .root_author = row->root_author});
    }
  }
  co_return recent;
}

}  // namespace kith::posts
