#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr int refills_max = 10;  // scans for one page, however much of it is hidden
constexpr std::size_t page_max = 80;

bool any(Quote const&, AuthorRequest const&) { return true; }

bool is_wanted(AuthorPost const& row, AuthorRequest const& filter) {
  // An answer to oneself is a thread of one's own, and shown as apps expect it.
  if (filter.exclude_replies && row.parent_author && row.parent_author != row.author) return false;
  if (filter.exclude_shares && row.kind == Kind::share) return false;
  if (!filter.tagged.empty() && std::ranges::find(row.tags, filter.tagged) == row.tags.end()) return false;
  return true;
}

// Newest first; `min` asks for the page just above it.
template <class Row, class Partition>
Scan<Row> window(Partition partition, PostId max, PostId since, PostId min) {
  Scan<Row> scan{.partition = partition};
  if (max) scan.from = Row::sort(PostId{max.value - 1});
  if (PostId const above = min ? min : since) scan.to = Row::sort(above);
  scan.backwards = static_cast<bool>(min);
  return scan;
}

}  // namespace

// What the scan gives, judged in batches until the page is full. The cursor is the last id examined,
// so that a page that is hidden altogether still leads on.
template <class Row>
Task<PostPage> Posts::page_of(Call call, Scan<Row> scan, std::size_t limit,
                              bool (*wanted)(Row const&, AuthorRequest const&), AuthorRequest filter) {
  limit = std::clamp<std::size_t>(limit, 1, page_max);
  scan.limit = limit + 1;
  PostPage page;
  for (int refill = 0; refill < refills_max; ++refill) {
    auto const rows = co_await needs_.tables.scan<Row>(scan);
    page.more = rows.more;
    std::vector<PostId> ids;
    for (auto const& row : rows)
      if (wanted(*row, filter)) ids.push_back(row->post);
    Seen found;
    SeeRequest asked{.posts = std::move(ids)};
    if (!asked.posts.empty()) found = co_await see_all(call, std::move(asked));
    auto& seen = found.posts;
    std::size_t next = 0;
    for (auto const& row : rows) {
      if (page.posts.size() == limit) {
        page.more = true;
        break;
      }
      if (!scan.backwards || !page.examined) page.examined = row->post;
      if (scan.backwards)
        scan.to = Row::sort(row->post);
      else
        scan.from = after(Row::sort(row->post));
      if (!wanted(*row, filter)) continue;
      SeenPost& post = seen[next++];
      if (post.visible) page.posts.push_back(std::move(post));
    }
    if (!page.more || page.posts.size() == limit) break;
    scan.limit = std::min(scan_max, scan.limit * 2);
  }
  if (scan.backwards) std::ranges::reverse(page.posts);
  co_return page;
}

Task<PostPage> Posts::by_author(Call call, AuthorRequest request) {
  if (request.only_media) co_return PostPage{};  // there is none before uploads are
  if (request.pinned) co_return co_await pinned(call, request.author);
  if (!request.tagged.empty()) request.tagged = fold(request.tagged);
  auto const scan = window<AuthorPost>(AuthorPost::Partition{request.author}, request.max, request.since, request.min);
  co_return co_await page_of<AuthorPost>(call, scan, request.limit, is_wanted, request);
}

Task<PostPage> Posts::pinned(Call call, AccountId author) {
  Scan<Pin> const scan{.partition = {author}, .limit = pins_max};
  auto const pins = co_await needs_.tables.scan<Pin>(scan);
  std::vector<PostId> ids;
  for (auto const& pin : pins) ids.push_back(pin->post);
  PostPage page;
  if (ids.empty()) co_return page;
  SeeRequest asked{.posts = std::move(ids)};
  auto seen = co_await see_all(call, std::move(asked));
  for (SeenPost& post : seen.posts)
    if (post.visible) page.posts.push_back(std::move(post));
  co_return page;
}

Task<PostPage> Posts::quotes(Call call, PeopleRequest request) {
  Sight const sight = co_await look(call, request.post);
  if (!sight.visible(request.post)) no_such_post();
  auto const scan =
      window<Quote>(Quote::Partition{sight.meant(request.post)}, PostId{request.max}, PostId{request.since}, {});
  co_return co_await page_of<Quote>(call, scan, request.limit, any, {});
}

// By person, the newest account first. A share that the viewer may not see names nobody.
Task<PeoplePage> Posts::shared_by(Call call, PeopleRequest request) {
  Sight const sight = co_await look(call, request.post);
  if (!sight.visible(request.post)) no_such_post();
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, page_max);
  Scan<Share> scan{.partition = {sight.meant(request.post)}, .backwards = true, .limit = limit + 1};
  if (request.max) scan.to = Share::sort(AccountId{request.max});
  if (request.since) scan.from = after(Share::sort(AccountId{request.since}));
  PeoplePage page;
  for (int refill = 0; refill < refills_max; ++refill) {
    auto const rows = co_await needs_.tables.scan<Share>(scan);
    page.more = rows.more;
    std::vector<PostId> ids;
    for (auto const& row : rows) ids.push_back(row->share);
    if (ids.empty()) break;
    Sight const shares = co_await look(call, std::move(ids));
    for (auto const& row : rows) {
      if (page.people.size() == limit) {
        page.more = true;
        break;
      }
      page.examined = row->person.value;
      scan.to = Share::sort(row->person);
      if (shares.visible(row->share)) page.people.push_back({.id = row->person.value, .person = row->person});
    }
    if (!page.more || page.people.size() == limit) break;
  }
  co_return page;
}

Task<UsesPage> Posts::uses(Call, UsesRequest request) {
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, scan_max);
  UsesPage page;
  if (request.quotes) {
    Scan<Quote> scan{.partition = {request.post}, .limit = limit};
    if (request.after) scan.from = after(Quote::sort(PostId{request.after}));
    auto const rows = co_await needs_.tables.scan<Quote>(scan);
    for (auto const& row : rows) page.uses.push_back({.person = row->author, .post = row->post});
    if (rows.more) page.after = page.uses.back().post.value;
  } else {
    Scan<Share> scan{.partition = {request.post}, .limit = limit};
    if (request.after) scan.from = after(Share::sort(AccountId{request.after}));
    auto const rows = co_await needs_.tables.scan<Share>(scan);
    for (auto const& row : rows) page.uses.push_back({.person = row->person, .post = row->share});
    if (rows.more) page.after = page.uses.back().person.value;
  }
  co_return page;
}

}  // namespace kith::posts
