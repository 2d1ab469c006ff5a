// Reading: ids from feeds and timelines, one question who may see them, then only what is visible is
// completed. The cursor is the last id examined, so hidden entries never end a list early.

#include <algorithm>

#include "services/timeline/keep.h"
#include "services/timeline/timeline.h"

namespace kith::timeline {
namespace {

std::size_t limit_of(PageRequest const& request) { return std::clamp<std::size_t>(request.limit, 1, page_max); }

bool follows_or_own(posts::Facts const& facts, AccountId viewer) {
  return facts.author == viewer || facts.author_followed;
}

Reason shown_reason(Reason reason, posts::Facts const& facts) {
  if (!facts.author_friend) return reason;
  if (reason == Reason::followed_posted) return Reason::friend_posted;
  if (reason == Reason::followed_shared) return Reason::friend_shared;
  return reason;
}

}  // namespace

Task<TimelinePage> Timeline::home(Call call, PageRequest request) {
  if (!call.viewer) throw Error{Code::unauthenticated, "Please log in"};
  co_await arrive(call.viewer);
  Source source{.feed = call.viewer.value};
  source.famous = co_await famous_followed(call);
  Keep keep;
  keep.wanted = [viewer = call.viewer](Reason reason, posts::SeenPost const& seen) {
    posts::Facts const& facts = seen.facts;
    if (facts.author_muted || facts.author_excluded || (seen.target && seen.target->author_muted)) return false;
    if (facts.kind == posts::Kind::share && (facts.hides_shares || (seen.target && seen.target->author == viewer)))
      return facts.author == viewer;
    // The reason must still hold: unfollowing is effective at once. Tags were looked at before.
    if (reason == Reason::followed_tag) return facts.shown_rule == posts::Rule::public_;
    return follows_or_own(facts, viewer);
  };
  co_return co_await page_of(call, std::move(request), std::move(source), keep);
}

Task<TimelinePage> Timeline::listed(Call call, PageRequest request) {
  graph::ListRequest const one{.id = request.list};
  auto const lists = co_await needs_.graph.lists(call, one);
  if (!call.viewer || lists.lists.empty()) throw Error{Code::not_found, "Record not found"};
  graph::ListPage const all{.list = request.list, .limit = 500};
  auto members = co_await needs_.graph.members(call, all);
  std::ranges::sort(members.people);
  Source const source{.feed = request.list.value};
  Keep keep;
  keep.wanted = [&members, policy = lists.lists.front().replies](Reason reason, posts::SeenPost const& seen) {
    posts::Facts const& facts = seen.facts;
    if (facts.author_muted || (seen.target && seen.target->author_muted)) return false;
    if (!std::ranges::binary_search(members.people, facts.author)) return false;
    if (reason != Reason::commented || facts.parent_author == facts.author) return true;
    // Answers to others: to members, to anybody, or none.
    if (policy == graph::RepliesPolicy::none) return false;
    return policy == graph::RepliesPolicy::followed || std::ranges::binary_search(members.people, facts.parent_author);
  };
  co_return co_await page_of(call, std::move(request), source, keep);
}

Task<TimelinePage> Timeline::page_of(Call call, PageRequest request, Source source, Keep const& keep) {
  std::size_t const limit = limit_of(request);
  bool const upwards = static_cast<bool>(request.min);
  TimelinePage page;
  std::vector<posts::SeenPost> shown;
  std::vector<Candidate> lines;
  shown.reserve(limit);
  lines.reserve(limit);
  ShareWindow shares(share_window);
  for (std::size_t scan = 0; scan < scans_max && shown.size() < limit; ++scan) {
    // Just what is wanted, for each line costs its rows; a later round takes some for those that hide.
    auto found = co_await candidates(source, request, limit - shown.size() + (scan == 0 ? 0 : 8));
    page.more = found.more;
    if (found.lines.empty()) break;
    posts::SeeRequest see;
    see.posts.reserve(found.lines.size());
    for (Candidate const& line : found.lines) see.posts.push_back(line.post);
    if (needs_.tables.apart())
      for (Candidate const& line : found.lines)
        see.authors.insert(see.authors.end(), {line.author, line.target_author});
    auto seen = co_await needs_.posts.see(call, std::move(see));
    if (std::ranges::find(found.lines, Reason::followed_tag, &Candidate::reason) != found.lines.end())
      co_await name_tags(call.viewer, found.lines);
    for (std::size_t i = 0; i < found.lines.size(); ++i) {
      if (shown.size() == limit) {
        page.more = true;
        break;
      }
      Candidate const& line = found.lines[i];
      if (!page.first || upwards) page.first = line.post;
      if (!page.last || !upwards) page.last = line.post;
      bool const hidden = shares.repeats(line.target ? line.target : line.post, static_cast<bool>(line.target));
      bool const left = line.reason == Reason::followed_tag && line.tag.empty();
      if (hidden || left || !seen.posts[i].visible || !keep.wanted(line.reason, seen.posts[i])) continue;
      shown.push_back(std::move(seen.posts[i]));
      lines.push_back(line);
    }
    if (!found.more) break;
    (upwards ? request.min : request.max) = found.last;
  }
  if (upwards) {
    std::ranges::reverse(shown);
    std::ranges::reverse(lines);
    page.more = true;  // what was above is known to be below: the page the reader came from
  }
  page.reasons.reserve(shown.size());
  for (std::size_t i = 0; i < shown.size(); ++i)
    page.reasons.push_back({.reasons = {shown_reason(lines[i].reason, shown[i].facts)},
                            .by = lines[i].author,
                            .tag = std::move(lines[i].tag)});
  pages::SeenRequest complete{std::move(shown)};
  page.page = co_await needs_.pages.complete(call, std::move(complete));
  co_return page;
}

Task<Timeline::Candidates> Timeline::candidates(Source const& source, PageRequest const& request, std::size_t limit) {
  if (source.kind != TimelineKind::unspecified) return open_candidates(source, request, limit);
  return feed_candidates(source, request, limit);
}

Task<Timeline::Candidates> Timeline::feed_candidates(Source const& source, PageRequest const& request,
                                                     std::size_t limit) {
  Scan<FeedEntry> scan{.partition = {source.feed}};
  scan.limit = limit;
  if (request.max) scan.from = after(FeedEntry::sort(request.max));
  if (request.since) scan.to = FeedEntry::sort(request.since);
  if (request.min) {
    scan.to = FeedEntry::sort(request.min);
    scan.backwards = true;
  }
  auto const rows = co_await needs_.tables.scan<FeedEntry>(std::move(scan));
  Candidates found{.lines = {}, .more = rows.more};
  found.lines.reserve(rows.rows.size());
  for (auto const& row : rows) {
    // One post may be there for several reasons; it is one item.
    if (!found.lines.empty() && found.lines.back().post == row->post) continue;
    found.lines.push_back({row->post, row->author, row->target, row->target_author, row->reason});
  }
  if (!rows.rows.empty()) found.last = rows.rows.back()->post;
  if (!source.famous.empty()) {
    // Only what lies within the scanned stretch; the rest comes with the next one.
    posts::RecentRequest recent{.authors = source.famous, .max = request.max, .since = request.since};
    if (request.min) recent.since = request.min;
    recent.limit = static_cast<std::uint32_t>(std::min<std::size_t>(limit, 100));
    auto const famous = co_await needs_.posts.recent(Call{}, std::move(recent));
    bool cut = false;
    for (auto const& post : famous.posts) {
      if (post.parent_author && post.root_author != post.author) continue;
      if (found.more && (request.min ? post.post > found.last : post.post < found.last)) {
        cut = true;
        continue;
      }
      found.lines.push_back({post.post, post.author, post.target, post.target_author, Reason::famous});
    }
    std::ranges::sort(found.lines, [&](Candidate const& a, Candidate const& b) {
      if (a.post != b.post) return request.min ? a.post < b.post : a.post > b.post;
      return a.reason != Reason::famous && b.reason == Reason::famous;
    });
    auto const doubles = std::ranges::unique(found.lines, {}, &Candidate::post);
    found.lines.erase(doubles.begin(), doubles.end());
    if (found.lines.size() > limit) {
      found.lines.resize(limit);
      cut = true;
    }
    found.more = found.more || cut;
    if (!found.lines.empty() && cut) found.last = found.lines.back().post;
  }
  co_return found;
}

}  // namespace kith::timeline
