// Writing: a post into the feeds of those who read it, into lists, tags and the public timeline.
// Entries are ids and immutable, so writing them twice, late or in any order is writing them once.

#include <algorithm>

#include "base/all.h"
#include "ports/hash/tokens.h"
#include "services/timeline/entries.h"
#include "services/timeline/timeline.h"

namespace kith::timeline {
namespace {

using posts::Kind;
using posts::Rule;

Reason reason_of(posts::FanoutFacts const& post) {
  if (post.parent) return Reason::commented;
  return post.kind == Kind::share ? Reason::followed_shared : Reason::followed_posted;
}

}  // namespace

bool reaches_feeds(posts::FanoutFacts const& post) {
  return post.post && post.state == posts::State::live && post.rule != Rule::direct && post.rule != Rule::only_me &&
         post.rule != Rule::unspecified;
}

FeedEntry entry_of(posts::FanoutFacts const& post, Reason reason, Duration lives) {
  FeedEntry entry{.post = post.post, .reason = reason, .author = post.author};
  entry.target = post.target;
  entry.target_author = post.target_author;
  entry.root_author = post.kind == Kind::comment || post.parent ? post.root_author : AccountId{};
  entry.expires_at_ = time_of_id(post.post.value) + lives;
  return entry;
}

std::string link_name(std::string_view link) { return sha256_base64url(link); }

std::vector<TimelineEntry> open_entries_of(posts::FanoutFacts const& post, Duration lives) {
  std::vector<TimelineEntry> rows;
  if (post.rule != Rule::public_ || post.kind == Kind::share) return rows;
  if (!post.parent)
    rows.push_back({.kind = TimelineKind::public_, .name = "public", .post = post.post, .author = post.author});
  for (std::string const& tag : post.tags)
    rows.push_back({.kind = TimelineKind::tag, .name = tag, .post = post.post, .author = post.author});
  for (std::string const& link : post.links)
    rows.push_back({.kind = TimelineKind::link, .name = link_name(link), .post = post.post, .author = post.author});
  for (TimelineEntry& row : rows) {
    row.expires_at_ = time_of_id(post.post.value) + lives;
    row.comment = static_cast<bool>(post.parent);
  }
  return rows;
}

Task<void> Timeline::spread(FeedEntry entry, std::vector<std::uint64_t> feeds, Version version) {
  if (feeds.empty() || entry.expires_at_ <= needs_.clock.now()) co_return;
  std::vector<FeedEntry::Partition> partitions;
  partitions.reserve(feeds.size());
  for (std::uint64_t const feed : feeds) partitions.push_back({feed});
  co_await needs_.tables.spread(std::move(entry), std::move(partitions), version);
}

Task<void> Timeline::on_post_changed(posts::PostChanged event) {
  auto const first = co_await facts_of(event.post, false);
  // What is deleted stays listed and is hidden on read: a feed is never cleaned up.
  if (first.post && first.state == posts::State::live) co_await show_at_once(first);
  // Who is not among the followers yet looks into the author's list later (on_pair_changed, rebuild), so
  // it stands there before they are read: one of the two finds the other, whatever comes late.
  auto const post = co_await facts_of(event.post, true);
  if (!reaches_feeds(post)) co_return;
  std::vector<Task<void>> writes;
  writes.push_back(fan_out(post, {}));
  writes.push_back(fan_out_to_lists(post));
  if (post.rule == Rule::public_ && !post.parent && post.kind != Kind::share)
    for (std::string const& tag : post.tags) writes.push_back(fan_out_to_tag(post, tag, {}));
  co_await all(std::move(writes));
}

Task<posts::FanoutFacts> Timeline::facts_of(PostId post, bool listed) {
  posts::PostIds one{.posts = {}, .listed = listed};
  one.posts.push_back(post);
  auto page = co_await needs_.posts.fanout_facts_of(Call{}, std::move(one));
  co_return std::move(page.posts.front());
}

// Its author's own feed, and what is open to all: what people look at next. Side by side, so that they share one
// write.
Task<void> Timeline::show_at_once(posts::FanoutFacts post) {
  FeedEntry own = entry_of(post, Reason::own, needs_.settings.entry_lives);
  std::vector<std::uint64_t> mine(1, post.author.value);
  std::vector<Task<void>> writes;
  writes.push_back(spread(std::move(own), std::move(mine), 1));
  auto rows = open_entries_of(post, needs_.settings.open_entry_lives);
  if (!rows.empty()) writes.push_back(needs_.tables.put(std::move(rows), 1));
  co_await all(std::move(writes));
  public_written_.fetch_add(1, std::memory_order_release);
}

Task<void> Timeline::fan_out(posts::FanoutFacts post, TieId after) {
  graph::People author;
  author.people.push_back(post.author);
  auto const counts = co_await needs_.graph.counts(Call{}, std::move(author));
  bool const famous = co_await famous_now(post.author, counts.counts.front().followers);
  if (famous || counts.counts.front().followers == 0) co_return;
  graph::TiesRequest const page{
      .person = post.author, .kind = graph::TieKind::follower, .max = after, .limit = needs_.settings.fanout_at_once};
  auto const followers = co_await needs_.graph.ties(Call{}, page);
  std::vector<AccountId> people;
  people.reserve(followers.ties.size());
  for (auto const& tie : followers.ties) people.push_back(tie.other);
  if (followers.more) {
    std::vector<Event> events;
    TieId const last = followers.ties.back().tie;
    events.push_back(needs_.tables.event(FanoutContinued{.post = post.post, .after = last, .part = last.value}));
    co_await needs_.log.append(std::move(events));
  }
  people = co_await reading(std::move(people));
  // A comment is for those who know both; its author's other followers would hear half a conversation.
  if (post.parent && post.root_author != post.author) people = co_await tied_to(post.root_author, std::move(people));
  std::vector<std::uint64_t> feeds;
  feeds.reserve(people.size());
  for (AccountId const person : people) feeds.push_back(person.value);
  co_await spread(entry_of(post, reason_of(post), needs_.settings.entry_lives), std::move(feeds), 1);
}

// Those who came lately enough to be written for.
Task<std::vector<AccountId>> Timeline::reading(std::vector<AccountId> people) {
  std::vector<FeedState::Key> keys;
  keys.reserve(people.size());
  for (AccountId const person : people) keys.push_back({person});
  auto const states = co_await needs_.tables.get_many<FeedState>(std::move(keys));
  Time const active_since = needs_.clock.now() - needs_.settings.active_for;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < people.size(); ++i)
    if (states[i] && states[i]->last_access >= active_since) people[kept++] = people[i];
  people.resize(kept);
  co_return people;
}

Task<std::vector<AccountId>> Timeline::tied_to(AccountId root_author, std::vector<AccountId> people) {
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < people.size(); begin += multi_get_max) {
    auto const end = std::min(begin + multi_get_max, people.size());
    graph::Questions questions;
    for (std::size_t i = begin; i < end; ++i) questions.questions.push_back({.author = people[i]});
    auto const ties = co_await needs_.graph.judge(Call{.viewer = root_author}, std::move(questions));
    for (std::size_t i = begin; i < end; ++i)
      if (ties.judged[i - begin].followed_by || people[i] == root_author) people[kept++] = people[i];
  }
  people.resize(kept);
  co_return people;
}

Task<void> Timeline::fan_out_to_lists(posts::FanoutFacts const& post) {
  graph::TiesRequest page{
      .person = post.author, .kind = graph::TieKind::listed, .limit = needs_.settings.fanout_at_once};
  for (bool more = true; more;) {
    auto const lists = co_await needs_.graph.ties(Call{}, page);
    std::vector<std::uint64_t> feeds;
    for (auto const& tie : lists.ties) feeds.push_back(tie.tie.value);
    co_await spread(entry_of(post, reason_of(post), needs_.settings.entry_lives), std::move(feeds), 1);
    more = lists.more;
    if (more) page.max = lists.ties.back().tie;
  }
}

Task<void> Timeline::fan_out_to_tag(posts::FanoutFacts const& post, std::string tag, AccountId after_person) {
  Scan<TagFollower> scan{.partition = {tag}};
  scan.limit = needs_.settings.fanout_at_once;
  if (after_person) scan.from = after(TagFollower::sort(after_person));
  auto const followers = co_await needs_.tables.scan<TagFollower>(std::move(scan));
  std::vector<AccountId> people;
  for (auto const& follower : followers) people.push_back(follower->person);
  if (followers.more) {
    std::vector<Event> events;
    AccountId const last = people.back();
    events.push_back(
        needs_.tables.event(FanoutContinued{.post = post.post, .tag = tag, .after_person = last, .part = last.value}));
    co_await needs_.log.append(std::move(events));
  }
  people = co_await reading(std::move(people));
  std::vector<std::uint64_t> feeds;
  for (AccountId const person : people)
    if (person != post.author) feeds.push_back(person.value);
  co_await spread(entry_of(post, Reason::followed_tag, needs_.settings.entry_lives), std::move(feeds), 1);
}

Task<void> Timeline::on_fanout_continued(FanoutContinued event) {
  posts::PostIds one;
  one.posts.push_back(event.post);
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(one));
  if (!reaches_feeds(facts.posts.front())) co_return;
  if (event.tag.empty())
    co_await fan_out(facts.posts.front(), event.after);
  else
    co_await fan_out_to_tag(facts.posts.front(), event.tag, event.after_person);
}

// Somebody newly followed, or newly in a list: their latest posts, so that the feed is not empty of them.
Task<void> Timeline::on_pair_changed(graph::PairChanged event) {
  for (graph::Cause const& cause : event.causes) {
    AccountId const holder = cause.hi ? event.hi : event.lo;
    AccountId const other = cause.hi ? event.lo : event.hi;
    if (cause.kind != graph::TieKind::following && cause.kind != graph::TieKind::listed) continue;
    bool const stands = co_await is_listed(cause, holder, other);
    if (!stands) continue;
    if (cause.kind == graph::TieKind::listed) {
      co_await backfill(cause.list.value, other);
      continue;
    }
    std::vector<AccountId> one(1, holder);
    auto const reads = co_await reading(std::move(one));
    if (!reads.empty()) co_await backfill(holder.value, other);
  }
}

// Whether fan-outs from now on find this tie of the author. A post is either written for it by them,
// or it is in the author's list already (on_post_changed) and the backfill finds it; so a tie
// that stands and is not listed yet is waited for. False: it has ended.
Task<bool> Timeline::is_listed(graph::Cause cause, AccountId holder, AccountId author) {
  bool const follows = cause.kind == graph::TieKind::following;
  graph::TiesRequest exactly{.person = author, .limit = 1};
  exactly.kind = follows ? graph::TieKind::follower : graph::TieKind::listed;
  exactly.max = TieId{cause.tie.value + 1};
  exactly.since = TieId{cause.tie.value - 1};
  auto const found = co_await needs_.graph.ties(Call{}, exactly);
  if (!found.ties.empty()) co_return true;
  graph::Questions question{.questions = {{.author = author}}};
  auto const ties = co_await needs_.graph.judge(Call{.viewer = holder}, std::move(question));
  bool stands = ties.judged.at(0).follow == cause.tie;
  if (!follows) {
    graph::Others one{.others = {author}};
    auto const is = co_await needs_.graph.relationships(Call{.viewer = holder}, std::move(one));
    auto const& lists = is.relationships.at(0).lists;
    stands = std::ranges::find(lists, cause.list) != lists.end();
  }
  if (stands) throw Error{Code::unavailable, "Please try again", "a tie is not listed yet"};
  co_return false;
}

Task<void> Timeline::backfill(std::uint64_t feed, AccountId author) {
  std::vector<AccountId> one(1, author);
  auto rows = co_await entries_of(feed, std::move(one), {}, backfill_posts);
  if (!rows.empty()) co_await needs_.tables.put(std::move(rows), 1);
}

}  // namespace kith::timeline
