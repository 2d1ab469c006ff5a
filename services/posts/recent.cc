// What authors wrote last, for feeds that are built or merged on read. Ids only: whether anybody may
// see them is asked of `see` when they are shown.

#include <algorithm>
#include <utility>

#include "base/all.h"
#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr std::size_t authors_max = 1'000;
constexpr std::size_t each_max = 100;
constexpr std::size_t scans_at_once = 50;
constexpr std::size_t followed_max = 500;
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

Task<RecentPosts> Posts::recent(Call call, RecentRequest request) {
  if (request.authors.size() > authors_max) throw Error{Code::invalid, "Ask for at most 1,000 authors at once"};
  if (request.followed) request.authors = co_await followed_of(call, std::move(request.authors));
  RecentPosts recent;
  auto const add = [&](FoundRows<AuthorPost> const& rows) {
    for (auto const& row : rows)
      recent.posts.push_back({.post = row->post,
                              .author = row->author,
                              .kind = row->kind,
                              .parent_author = row->parent_author,
                              .target = row->target,
                              .target_author = row->target_author,
                              .root_author = row->root_author});
  };
  std::vector<Task<FoundRows<AuthorPost>>> scans;
  for (std::size_t i = 0; i < request.authors.size(); ++i) {
    Scan<AuthorPost> scan{.partition = {request.authors[i]}};
    scan.limit = std::clamp<std::size_t>(request.limit, 1, each_max);
    if (request.max) scan.from = after(AuthorPost::sort(request.max));
    if (request.since) scan.to = AuthorPost::sort(request.since);
    if (!needs_.tables.apart()) {
      add(co_await needs_.tables.scan<AuthorPost>(std::move(scan)));
      continue;
    }
    scans.push_back(needs_.tables.scan<AuthorPost>(std::move(scan)));
    if (scans.size() < scans_at_once && i + 1 < request.authors.size()) continue;
    for (auto const& rows : co_await kith::all(std::exchange(scans, {}))) add(rows);
  }
  co_return recent;
}

// Those of `authors` whom the viewer follows.
Task<std::vector<AccountId>> Posts::followed_of(Call call, std::vector<AccountId> authors) {
  graph::Questions questions;
  for (AccountId const author : authors) questions.questions.push_back({.author = author});
  auto const ties = co_await needs_.graph.judge(call, std::move(questions));
  std::vector<AccountId> followed;
  for (std::size_t i = 0; i < authors.size() && followed.size() < followed_max; ++i)
    if (ties.judged.at(i).follows) followed.push_back(authors[i]);
  co_return followed;
}

}  // namespace kith::posts
