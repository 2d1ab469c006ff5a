#include <algorithm>

#include "services/reactions/reactions.h"

namespace kith::reactions {
namespace {

constexpr int bookmark_attempts_max = 4;  // only acts of one person meet here

}  // namespace

Task<void> Reactions::set_bookmark(Call call, BookmarkRequest request) {
  signed_in(call);
  Target const seen = co_await target(call, request.post);
  if (!seen.visible && request.on) throw Error{Code::not_found, "There is no such post"};
  for (int attempt = 0; attempt < bookmark_attempts_max; ++attempt)
    if (co_await change_bookmark(call, seen.post, request.on)) co_return;
  throw Error{Code::conflict, "Your bookmarks are being changed elsewhere; please try again"};
}

// Both ways to it, and how many there are, in one commit.
Task<bool> Reactions::change_bookmark(Call call, PostId post, bool on) {
  auto const row = co_await needs_.tables.get<Bookmark>({call.viewer, post});
  if (static_cast<bool>(row) == on) co_return true;
  auto const counts = co_await needs_.tables.get<BookmarkCounts>({call.viewer});
  BookmarkCounts next = counts ? *counts : BookmarkCounts{.person = call.viewer};
  Change change(call.operation);
  if (on) {
    if (next.bookmarks >= bookmarks_max) throw Error{Code::invalid, "There can be at most 20,000 bookmarks"};
    ++next.bookmarks;
    auto const id = needs_.tables.ids().mint_as<BookmarkId>();
    change.insert(Bookmark{.person = call.viewer, .post = post, .bookmark = id});
    change.insert(BookmarkById{.person = call.viewer, .bookmark = id, .post = post});
  } else {
    next.bookmarks -= std::min<std::uint64_t>(next.bookmarks, 1);
    change.erase(row);
    change.erase<BookmarkById>({call.viewer, row->bookmark});
  }
  change.replace(counts, next);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  co_return committed.done();
}

Task<OwnPage> Reactions::bookmarks(Call call, OwnRequest request) {
  signed_in(call);
  Scan<BookmarkById> scan{.partition = {call.viewer}, .limit = std::clamp<std::size_t>(request.limit, 1, page_max)};
  if (request.max) scan.from = BookmarkById::sort(BookmarkId{request.max - 1});
  if (auto const above = request.min ? request.min : request.since; above != 0)
    scan.to = BookmarkById::sort(BookmarkId{above});
  scan.backwards = request.min != 0;
  auto const rows = co_await needs_.tables.scan<BookmarkById>(scan);
  OwnPage page{.items = {}, .more = rows.more};
  for (auto const& row : rows) page.items.push_back({.id = row->bookmark.value, .post = row->post});
  if (scan.backwards) std::ranges::reverse(page.items);
  co_return page;
}

}  // namespace kith::reactions
