// Reading: ids from feeds and timelines, then one question for all of them that are visible. The cursor is the last id
// examined, so hidden entries never end a list early.

#include <algorithm>
#include <tuple>

#include "base/all.h"
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
  signed_in(call);
  Source const source{.feed = call.viewer.value, .famous = true};
  std::optional<Candidates> first;
  if (needs_.tables.apart()) {
    // Hardly anybody was away, so the feed is read meanwhile; what was completed is read again.
    auto [completed, found] = co_await all(arrive(call.viewer), candidates(call, source, request, limit_of(request)));
    if (!completed) first = std::move(found);
  } else {
    co_await arrive(call.viewer);
  }
  Keep keep;
  keep.wanted = [viewer = call.viewer](Reason reason, pages::Status const& seen) {
    posts::Facts const& facts = seen.facts;
    if (facts.author_muted || facts.author_excluded || (seen.target && seen.target->author_muted)) return false;
    if (facts.kind == posts::Kind::share && (facts.hides_shares || (seen.target && seen.target->author == viewer)))
      return facts.author == viewer;
    // The reason must still hold: unfollowing is effective at once. Tags were looked at before.
    if (reason == Reason::followed_tag) return facts.shown_rule == posts::Rule::public_;
    return follows_or_own(facts, viewer);
  };
  co_return co_await page_of(call, std::move(request), source, keep, std::move(first));
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
  keep.wanted = [&members, policy = lists.lists.front().replies](Reason reason, pages::Status const& seen) {
    posts::Facts const& facts = seen.facts;
    if (facts.author_muted || (seen.target && seen.target->author_muted)) return false;
    if (!std::ranges::binary_search(members.people, facts.author)) return false;
    if (reason != Reason::commented || facts.parent_author == facts.author) return true;
    // Answers to others: to members, to anybody, or none.
    if (policy == graph::RepliesPolicy::none) return false;
    return policy == graph::RepliesPolicy::followed || std::ranges::binary_search(members.people, facts.parent_author);
  };
  co_return co_await page_of(call, std::move(request), source, keep, {});
}

Task<TimelinePage> Timeline::page_of(Call call, PageRequest request, Source source, Keep const& keep,
                                     std::optional<Candidates> first) {
  std::size_t const limit = limit_of(request);
  bool const upwards = static_cast<bool>(request.min);
  TimelinePage page;
  Gathered shown(limit);
  std::vector<Candidate> lines;
  lines.reserve(limit);
  ShareWindow shares(share_window);
  for (std::size_t scan = 0; scan < scans_max && shown.size() < limit; ++scan) {
    Candidates found;
    // Just what is wanted, for each line costs its rows; a later round takes some for those that hide.
    if (scan == 0 && first)
      found = std::move(*first);
    else
      found = co_await candidates(call, source, request, limit - shown.size() + (scan == 0 ? 0 : 8));
    page.more = found.more;
    if (found.lines.empty()) break;
    auto asked = question_about(found.lines);
    auto seen = co_await needs_.pages.statuses(call, std::move(asked));
    if (std::ranges::find(found.lines, Reason::followed_tag, &Candidate::reason) != found.lines.end())
      co_await name_tags(call.viewer, found.lines);
    std::vector<std::uint32_t> places(seen.accounts.size(), Gathered::nowhere);
    auto next = seen.statuses.begin();  // those that are visible come in the order asked
    for (Candidate& line : found.lines) {
      if (shown.size() == limit) {
        page.more = true;
        break;
      }
      if (!page.first || upwards) page.first = line.post;
      if (!page.last || !upwards) page.last = line.post;
      bool const visible = next != seen.statuses.end() && next->facts.post == line.post;
      pages::Status* const status = visible ? &*next++ : nullptr;
      bool const hidden = shares.repeats(line.target ? line.target : line.post, static_cast<bool>(line.target));
      bool const left = line.reason == Reason::followed_tag && line.tag.empty();
      if (hidden || left || status == nullptr || !keep.wanted(line.reason, *status)) continue;
      shown.add(std::move(*status), seen.accounts, places);
      lines.push_back(std::move(line));
    }
    if (!found.more) break;
    (upwards ? request.min : request.max) = found.last;
  }
  if (upwards) {
    shown.reverse();
    std::ranges::reverse(lines);
    page.more = true;  // what was above is known to be below: the page the reader came from
  }
  page.reasons.reserve(shown.size());
  for (std::size_t i = 0; i < shown.size(); ++i)
    page.reasons.push_back({.reasons = {shown_reason(lines[i].reason, shown.at(i).facts)},
                            .by = lines[i].author,
                            .tag = std::move(lines[i].tag)});
  page.page = shown.take();
  co_return page;
}

pages::PostsRequest Timeline::question_about(std::vector<Candidate> const& lines) const {
  pages::PostsRequest asked;
  asked.posts.reserve(lines.size());
  for (Candidate const& line : lines) asked.posts.push_back(line.post);
  if (!needs_.tables.apart()) return asked;
  for (Candidate const& line : lines) {
    for (AccountId const author : {line.author, line.target_author, line.root_author})
      if (author) asked.authors.push_back(author);
    if (line.target) asked.targets.push_back(line.target);
  }
  return asked;
}

Task<Timeline::Candidates> Timeline::candidates(Call call, Source const& source, PageRequest const& request,
                                                std::size_t limit) {
  if (source.kind != TimelineKind::unspecified) return open_candidates(source, request, limit);
  return feed_candidates(call, source, request, limit);
}

Task<Timeline::Candidates> Timeline::feed_candidates(Call call, Source const& source, PageRequest const& request,
                                                     std::size_t limit) {
  Scan<FeedEntry> scan{.partition = {source.feed}};
  scan.limit = limit;
  if (request.max) scan.from = after(FeedEntry::sort(request.max));
  if (request.since) scan.to = FeedEntry::sort(request.since);
  if (request.min) {
    scan.to = FeedEntry::sort(request.min);
    scan.backwards = true;
  }
  FoundRows<FeedEntry> rows;
  std::vector<Candidate> famous;
  if (source.famous)
    std::tie(rows, famous) = co_await gather(needs_.tables.apart(), needs_.tables.scan<FeedEntry>(std::move(scan)),
                                             famous_candidates(call, request, limit));
  else
    rows = co_await needs_.tables.scan<FeedEntry>(std::move(scan));
  Candidates found{.lines = {}, .more = rows.more};
  found.lines.reserve(rows.rows.size());
  for (auto const& row : rows) {
    // One post may be there for several reasons; it is one item.
    if (!found.lines.empty() && found.lines.back().post == row->post) continue;
    found.lines.push_back({row->post, row->author, row->target, row->target_author, row->root_author, row->reason});
  }
  if (!rows.rows.empty()) found.last = rows.rows.back()->post;
  if (famous.empty()) co_return found;
  // Only what lies within the scanned stretch; the rest comes with the next one.
  bool cut = false;
  for (Candidate& line : famous) {
    if (found.more && (request.min ? line.post > found.last : line.post < found.last))
      cut = true;
    else
      found.lines.push_back(std::move(line));
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
  co_return found;
}

// What the famous authors wrote last whom the viewer follows.
Task<std::vector<Timeline::Candidate>> Timeline::famous_candidates(Call call, PageRequest const& request,
                                                                   std::size_t limit) {
  std::vector<Candidate> lines;
  posts::RecentRequest recent{.authors = co_await famous(), .max = request.max, .since = request.since};
  if (recent.authors.empty()) co_return lines;
  if (request.min) recent.since = request.min;
  recent.limit = static_cast<std::uint32_t>(std::min<std::size_t>(limit, 100));
  recent.followed = true;
  auto const found = co_await needs_.posts.recent(call, std::move(recent));
  for (auto const& post : found.posts)
    if (!post.parent_author || post.root_author == post.author)
      lines.push_back({post.post, post.author, post.target, post.target_author, post.root_author, Reason::famous});
  co_return lines;
}

}  // namespace kith::timeline
