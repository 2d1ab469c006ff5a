// The timelines everybody shares: public posts, and those with a tag or a link.

#include <algorithm>

#include "services/timeline/entries.h"
#include "services/timeline/keep.h"
#include "services/timeline/timeline.h"

namespace kith::timeline {
namespace {

constexpr char const* public_name = "public";
constexpr std::size_t latest_max = 80;                         // some pages
constexpr Duration latest_kept_for = std::chrono::seconds{1};  // what another process writes is seen then

bool is_public(posts::Facts const& facts) { return facts.shown_rule == posts::Rule::public_ && !facts.author_muted; }

bool belongs(Reason, pages::Status const& status) { return is_public(status.facts); }

}  // namespace

Task<TimelinePage> Timeline::public_(Call call, PageRequest request) {
  // Nothing comes from other servers, and there are no pictures yet: those pages are empty.
  if ((request.remote && !request.local) || request.only_media) co_return TimelinePage{};
  Source const source{.kind = TimelineKind::public_, .name = public_name};
  Keep const keep{belongs};
  co_return co_await page_of(call, std::move(request), source, keep, {});
}

Task<TimelinePage> Timeline::tagged(Call call, PageRequest request) {
  if ((request.remote && !request.local) || request.only_media) co_return TimelinePage{};
  Source const source{.kind = TimelineKind::tag, .name = request.tag};
  Keep const keep{belongs};
  // Several tags: each further one is looked up among the posts found, by their own rows.
  if (!request.all.empty() || !request.none.empty() || !request.any.empty())
    co_return co_await tagged_many(call, std::move(request));
  co_return co_await page_of(call, std::move(request), source, keep, {});
}

Task<TimelinePage> Timeline::linked(Call call, PageRequest request) {
  Source const source{.kind = TimelineKind::link, .name = link_name(request.link)};
  Keep const keep{belongs};
  co_return co_await page_of(call, std::move(request), source, keep, {});
}

Task<Timeline::Candidates> Timeline::open_candidates(Source const& source, PageRequest const& request,
                                                     std::size_t limit) {
  if (source.kind == TimelineKind::public_ && !request.min && !request.since) {
    auto const latest = co_await latest_public();
    auto const& lines = latest->lines;
    auto const begin = request.max ? std::ranges::partition_point(
                                         lines, [&](Candidate const& line) { return line.post >= request.max; })
                                   : lines.begin();
    auto const left = static_cast<std::size_t>(lines.end() - begin);
    if (left >= limit || !latest->more) {
      auto const count = std::min(left, limit);
      Candidates found{.lines = {begin, begin + static_cast<std::ptrdiff_t>(count)},
                       .more = latest->more || left > limit};
      if (count > 0) found.last = found.lines.back().post;
      co_return found;
    }
  }
  Scan<TimelineEntry> scan{.partition = {source.kind, source.name}};
  scan.limit = limit;
  if (request.max) scan.from = after(TimelineEntry::sort(request.max));
  if (request.since) scan.to = TimelineEntry::sort(request.since);
  if (request.min) {
    scan.to = TimelineEntry::sort(request.min);
    scan.backwards = true;
  }
  auto const rows = co_await needs_.tables.scan<TimelineEntry>(std::move(scan));
  Candidates found{.lines = {}, .more = rows.more};
  found.lines.reserve(rows.rows.size());
  for (auto const& row : rows) found.lines.push_back({row->post, row->author, {}, {}, {}, Reason::unspecified});
  if (!rows.rows.empty()) found.last = rows.rows.back()->post;
  co_return found;
}

Task<std::shared_ptr<Timeline::Latest const>> Timeline::latest_public() {
  auto const written = public_written_.load(std::memory_order_acquire);
  Duration const now = needs_.clock.monotonic();
  {
    std::lock_guard const lock(latest_mutex_);
    if (latest_ && latest_->written == written && now < latest_->read_at + latest_kept_for) co_return latest_;
  }
  Scan<TimelineEntry> scan{.partition = {TimelineKind::public_, public_name}, .limit = latest_max};
  auto const rows = co_await needs_.tables.scan<TimelineEntry>(std::move(scan));
  auto latest = std::make_shared<Latest>(Latest{.more = rows.more, .written = written, .read_at = now});
  latest->lines.reserve(rows.rows.size());
  for (auto const& row : rows) latest->lines.push_back({row->post, row->author, {}, {}, {}, Reason::unspecified});
  std::lock_guard const lock(latest_mutex_);
  latest_ = latest;
  co_return latest;
}

// Tag timelines of `tag` or any of `any`, with all of `all` and none of `none`: the newest of each are
// merged, and the posts' own tags decide. At most four of each kind, as existing servers allow.
Task<TimelinePage> Timeline::tagged_many(Call call, PageRequest request) {
  constexpr std::size_t tags_max = 4;
  for (auto* const tags : {&request.any, &request.all, &request.none}) tags->resize(std::min(tags->size(), tags_max));
  std::vector<std::string> names(1, request.tag);
  names.insert(names.end(), request.any.begin(), request.any.end());
  TimelinePage page;
  std::vector<posts::SeenPost> shown;
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, page_max);
  for (std::size_t round = 0; round < scans_max && shown.size() < limit; ++round) {
    std::vector<PostId> ids;
    PostId edge = {};  // below it a tag that filled its scan may have more
    bool more = false;
    for (std::string const& name : names) {
      Source const source{.kind = TimelineKind::tag, .name = name};
      auto const found = co_await open_candidates(source, request, 100);
      for (auto const& line : found.lines) ids.push_back(line.post);
      if (found.more) edge = std::max(edge, found.last);
      more = more || found.more;
    }
    std::ranges::sort(ids, std::greater<>());
    auto const doubles = std::ranges::unique(ids);
    ids.erase(doubles.begin(), doubles.end());
    std::erase_if(ids, [&](PostId id) { return edge && id < edge; });
    if (ids.empty()) break;
    if (ids.size() > 400) ids.resize(400), more = true;
    posts::PostIds wanted{.posts = ids};
    auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(wanted));
    posts::SeeRequest see;
    for (auto const& post : facts.posts) {
      auto const has = [&](std::string const& tag) { return std::ranges::find(post.tags, tag) != post.tags.end(); };
      if (post.post && std::ranges::all_of(request.all, has) && std::ranges::none_of(request.none, has))
        see.posts.push_back(post.post);
    }
    auto seen = co_await needs_.posts.see(call, std::move(see));
    for (auto& post : seen.posts)
      if (post.visible && shown.size() < limit && is_public(post.facts)) shown.push_back(std::move(post));
    page.first = page.first ? page.first : ids.front();
    page.last = shown.size() == limit ? shown.back().facts.post : ids.back();
    page.more = more || shown.size() == limit;
    if (!more) break;
    request.max = ids.back();
  }
  pages::SeenRequest complete{std::move(shown)};
  page.page = co_await needs_.pages.complete(call, std::move(complete));
  co_return page;
}

}  // namespace kith::timeline
