// Feeds, timelines and followers of tags compared with what they follow from. A feed is only ever
// found to lack something: what is superfluous in it is hidden on read, and expires.

#include <algorithm>

#include "services/timeline/entries.h"
#include "services/timeline/timeline.h"

namespace kith::timeline {
namespace {

constexpr std::size_t rows_a_step = 200;
constexpr std::size_t posts_a_step = 50;  // each may be fanned out anew
constexpr std::size_t feeds_a_step = 10;
// Of each author. What feeds hold of a return is the latest 40; half of them, so that a post which
// was the forty-first, before later ones were deleted, is not asked for.
constexpr std::size_t compared_each = rebuild_posts_each / 2;
// A post written in the moment of a follow may have been fanned out before the tie was listed, and
// listed after the tie's own posts were fetched: nobody can tell that it came after.
constexpr Duration follow_settles_within = std::chrono::seconds{2};

}  // namespace

Task<void> Timeline::caught_up(Call call) {
  if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
  // A handled event may make further ones: until a whole round finds nothing waiting.
  for (bool waiting = true; waiting;) {
    for (auto const& lag : co_await needs_.log.lag()) co_await needs_.log.caught_up(lag.group);
    auto const lags = co_await needs_.log.lag();
    waiting = std::ranges::any_of(lags, [](Lag const& lag) { return lag.waiting > 0; });
  }
}

Task<keeper::RebuildPage> Timeline::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 4);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_followed_tags(walk); break;
    case 1: next = co_await walk_tag_followers(walk); break;
    case 2: next = co_await walk_posts(walk); break;
    default: next = co_await walk_feeds(walk); break;
  }
  co_return walk.done(std::move(next));
}

Task<std::string> Timeline::walk_followed_tags(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<FollowedTag>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<TagFollower::Key> keys;
  for (auto const& row : rows) keys.push_back({row->name, row->person});
  auto const there = co_await needs_.tables.get_many<TagFollower>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (there[i]) continue;
    walk.differs("timeline: account ", rows[i]->person, " is missing among the followers of a tag");
    if (walk.heals()) co_await on_tag_followed({.person = rows[i]->person, .name = rows[i]->name});
  }
  co_return next;
}

Task<std::string> Timeline::walk_tag_followers(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<TagFollower>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<FollowedTag::Key> keys;
  for (auto const& row : rows) keys.push_back({row->person, row->name});
  auto const truth = co_await needs_.tables.get_many<FollowedTag>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (truth[i]) continue;
    walk.differs("timeline: account ", rows[i]->person, " is among the followers of a tag that it does not follow");
    if (walk.heals()) co_await on_tag_followed({.person = rows[i]->person, .name = rows[i]->name});
  }
  co_return next;
}

// Its author's feed and the open timelines have every post; healing fans it out anew.
Task<std::string> Timeline::walk_posts(keeper::Walk& walk) {
  posts::AllPosts const page{.cursor = walk.cursor(), .limit = posts_a_step};
  auto all = co_await needs_.posts.all(Call{}, page);
  posts::PostIds ids{.posts = std::move(all.posts)};
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  Time const now = needs_.clock.now();
  std::vector<FeedEntry::Key> own;
  std::vector<TimelineEntry::Key> open;
  for (posts::FanoutFacts const& post : facts.posts) {
    if (!post.post || post.state != posts::State::live) continue;
    FeedEntry const entry = entry_of(post, Reason::own, needs_.settings.entry_lives);
    if (entry.expires_at_ > now) own.push_back({post.author.value, entry.post, entry.reason});
    for (TimelineEntry const& row : open_entries_of(post, needs_.settings.open_entry_lives))
      if (row.expires_at_ > now) open.push_back(row.key());
  }
  walk.touched(facts.posts.size());
  auto const own_there = co_await needs_.tables.get_many<FeedEntry>(own);
  for (std::size_t i = 0; i < own.size(); ++i)
    if (!own_there[i]) walk.differs("timeline: the feed of account ", own[i].feed, " lacks its own post ", own[i].post);
  auto const open_there = co_await needs_.tables.get_many<TimelineEntry>(open);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open_there[i]) continue;
    walk.differs("timeline: ", open[i].kind == TimelineKind::tag ? "a tag's timeline" : "the public timeline",
                 " lacks post ", open[i].post);
  }
  if (walk.heals())
    for (posts::FanoutFacts const& post : facts.posts)
      if (post.post) co_await on_post_changed({.post = post.post, .author = post.author});
  co_return all.cursor;
}

Task<std::string> Timeline::walk_feeds(keeper::Walk& walk) {
  auto [states, next] = co_await needs_.tables.walk<FeedState>(walk.cursor(), feeds_a_step);
  walk.touched(states.size());
  for (auto const& state : states) co_await walk_feed(walk, *state);
  co_return next;
}

Task<void> Timeline::walk_feed(keeper::Walk& walk, FeedState state) {
  Time const now = needs_.clock.now();
  // Who is away gets the feed completed by returning.
  if (state.last_access < now - needs_.settings.active_for) co_return;
  PostId const since{first_id_at(now - needs_.settings.entry_lives)};
  graph::TiesRequest page{.person = state.person, .kind = graph::TieKind::following, .limit = 500};
  std::size_t authors = 0;
  for (bool more = true; more && authors < rebuild_authors_max;) {
    auto const following = co_await needs_.graph.ties(Call{}, page);
    std::vector<AccountId> written;
    std::vector<std::pair<AccountId, Time>> followed_at;
    for (auto const& tie : following.ties) {
      written.push_back(tie.other);
      followed_at.emplace_back(tie.other, time_of_id(tie.tie.value) + follow_settles_within);
    }
    std::ranges::sort(followed_at);
    authors += written.size();
    auto entries = co_await entries_of(state.person, std::move(written), since, compared_each);
    // Of the time before the follow, only the latest were fetched.
    std::erase_if(entries, [&](FeedEntry const& entry) {
      auto const at = std::ranges::lower_bound(followed_at, entry.author, {}, &std::pair<AccountId, Time>::first);
      return at == followed_at.end() || time_of_id(entry.post.value) < at->second || entry.expires_at_ <= now;
    });
    auto missing = co_await missing_of(std::move(entries));
    for (FeedEntry const& entry : missing)
      walk.differs("timeline: the feed of account ", state.person, " lacks post ", entry.post, " of account ",
                   entry.author);
    if (walk.heals() && !missing.empty()) co_await needs_.tables.put(std::move(missing), 1);
    more = following.more;
    if (more) page.max = following.ties.back().tie;
  }
}

Task<std::vector<FeedEntry>> Timeline::missing_of(std::vector<FeedEntry> entries) {
  std::vector<FeedEntry::Key> keys;
  for (FeedEntry const& entry : entries) keys.push_back(entry.key());
  auto const there = co_await needs_.tables.get_many<FeedEntry>(std::move(keys));
  std::vector<FeedEntry> absent;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (!there[i]) absent.push_back(std::move(entries[i]));
  if (absent.size() > scan_max) absent.resize(scan_max);  // enough of one feed to say; the next run has the rest
  std::vector<FeedEntry> missing;
  if (absent.empty()) co_return missing;
  // What is for few goes into no feed, and famous authors are merged on read.
  posts::PostIds ids;
  std::vector<FeedState::Key> authors;
  for (FeedEntry const& entry : absent) {
    ids.posts.push_back(entry.post);
    authors.push_back({entry.author});
  }
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  auto const states = co_await needs_.tables.get_many<FeedState>(std::move(authors));
  for (std::size_t i = 0; i < absent.size(); ++i) {
    bool const famous = states[i] && (states[i]->famous_since != no_time || !states[i]->famous.empty());
    if (reaches_feeds(facts.posts[i]) && !famous) missing.push_back(std::move(absent[i]));
  }
  co_return missing;
}

}  // namespace kith::timeline
