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

bool was_famous(FeedState const& state) { return state.famous_since != no_time || !state.famous.empty(); }

std::string_view name_of(TimelineKind kind) {
  switch (kind) {
    case TimelineKind::tag: return "a tag's timeline";
    case TimelineKind::link: return "a link's timeline";
    default: return "the public timeline";
  }
}

}  // namespace

Task<keeper::RebuildPage> Timeline::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 6);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_followed_tags(walk); break;
    case 1: next = co_await walk_tag_followers(walk); break;
    case 2: next = co_await walk_posts(walk); break;
    case 3: next = co_await walk_feeds(walk); break;
    case 4: next = co_await walk_lists(walk); break;
    default: next = co_await walk_famous(walk); break;
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
    walk.differs("timeline: ", name_of(open[i].kind), " lacks post ", open[i].post);
  }
  if (walk.heals())
    for (posts::FanoutFacts const& post : facts.posts)
      if (post.post) co_await on_post_changed({.post = post.post, .author = post.author});
  co_return all.cursor;
}

Task<std::string> Timeline::walk_feeds(keeper::Walk& walk) {
  auto [states, next] = co_await needs_.tables.walk<FeedState>(walk.cursor(), feeds_a_step);
  walk.touched(states.size());
  for (auto const& state : states) {
    co_await walk_feed(walk, *state);
    if (was_famous(*state)) co_await settle_famous(walk, state->person);
  }
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
    auto entries = co_await entries_of(state.person.value, std::move(written), since, compared_each);
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
  co_await compare_tags(walk, state);
}

// What followed tags brought while the person was here or came back for.
Task<void> Timeline::compare_tags(keeper::Walk& walk, FeedState const& state) {
  Time const now = needs_.clock.now();
  Scan<FollowedTag> all{.partition = {state.person}, .limit = followed_tags_max};
  for (auto const& tag : co_await needs_.tables.scan<FollowedTag>(std::move(all))) {
    // A follow brings nothing of the time before it.
    Time const since = std::max(time_of_id(tag->id) + follow_settles_within, now - needs_.settings.entry_lives);
    Scan<TimelineEntry> latest{.partition = {TimelineKind::tag, tag->name}, .limit = compared_each};
    latest.to = TimelineEntry::sort(PostId{first_id_at(since)});
    std::vector<FeedEntry> entries;
    for (auto const& entry : co_await needs_.tables.scan<TimelineEntry>(std::move(latest))) {
      if (entry->author == state.person || entry->comment) continue;
      FeedEntry row{.feed = state.person.value, .post = entry->post, .reason = Reason::followed_tag};
      row.author = entry->author;
      row.expires_at_ = time_of_id(entry->post.value) + needs_.settings.entry_lives;
      entries.push_back(std::move(row));
    }
    auto absent = co_await absent_of(std::move(entries));
    auto const facts = co_await facts_of(absent);
    std::vector<FeedEntry> missing;
    for (std::size_t i = 0; i < absent.size(); ++i) {
      auto const& post = facts[i];
      bool const tagged =
          post.rule == posts::Rule::public_ && std::ranges::find(post.tags, tag->name) != post.tags.end();
      if (!reaches_feeds(post) || !tagged) continue;
      walk.differs("timeline: the feed of account ", state.person, " lacks post ", absent[i].post,
                   " of a followed tag");
      missing.push_back(std::move(absent[i]));
    }
    if (walk.heals() && !missing.empty()) co_await needs_.tables.put(std::move(missing), 1);
  }
}

// Of each member, half of what joining the list brought, as for feeds of people.
Task<std::string> Timeline::walk_lists(keeper::Walk& walk) {
  graph::AllTies const page{.cursor = walk.cursor(), .limit = feeds_a_step};
  auto all = co_await needs_.graph.all(Call{}, page);
  std::erase_if(all.ties, [](graph::NamedTie const& tie) { return tie.kind != graph::TieKind::listed; });
  walk.touched(all.ties.size());
  for (graph::NamedTie const& tie : all.ties) {
    std::vector<AccountId> member(1, tie.other);
    auto entries = co_await entries_of(tie.tie.value, std::move(member), {}, backfill_posts / 2);
    auto absent = co_await absent_of(std::move(entries));
    auto const facts = co_await facts_of(absent);
    std::vector<FeedEntry> missing;
    for (std::size_t i = 0; i < absent.size(); ++i) {
      if (!reaches_feeds(facts[i])) continue;
      walk.differs("timeline: the feed of list ", tie.tie, " lacks post ", absent[i].post, " of account ", tie.other);
      missing.push_back(std::move(absent[i]));
    }
    if (walk.heals() && !missing.empty()) co_await needs_.tables.put(std::move(missing), 1);
  }
  co_return all.cursor;
}

Task<std::string> Timeline::walk_famous(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Famous>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  for (auto const& row : rows) co_await settle_famous(walk, row->author);
  co_return next;
}

// The row comes before the state that it follows from, so what is taken away is looked at again.
Task<void> Timeline::settle_famous(keeper::Walk& walk, AccountId author) {
  for (bool told = false;; told = true) {
    auto const row = co_await needs_.tables.get<Famous>({famous_name, author});
    auto const state = co_await needs_.tables.get<FeedState>({author});
    bool const famous = state && was_famous(*state);
    if (famous == static_cast<bool>(row)) co_return;
    if (!told)
      walk.differs("timeline: account ", author,
                   famous ? " is missing among the famous" : " is not famous, but is listed so");
    if (!walk.heals()) co_return;
    Change change;
    if (famous)
      change.put(Famous{.name = famous_name, .author = author});
    else
      change.erase(row);
    co_await needs_.tables.commit(std::move(change));  // a conflict: looked at again
  }
}

// Of these entries, those that are not there.
Task<std::vector<FeedEntry>> Timeline::absent_of(std::vector<FeedEntry> entries) {
  std::vector<FeedEntry::Key> keys;
  for (FeedEntry const& entry : entries) keys.push_back(entry.key());
  auto const there = co_await needs_.tables.get_many<FeedEntry>(std::move(keys));
  std::vector<FeedEntry> absent;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (!there[i]) absent.push_back(std::move(entries[i]));
  if (absent.size() > scan_max) absent.resize(scan_max);  // enough of one feed to say; the next run has the rest
  co_return absent;
}

// As their posts are now, in this order.
Task<std::vector<posts::FanoutFacts>> Timeline::facts_of(std::vector<FeedEntry> const& entries) {
  posts::PostIds ids;
  for (FeedEntry const& entry : entries) ids.posts.push_back(entry.post);
  auto page = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  co_return std::move(page.posts);
}

Task<std::vector<FeedEntry>> Timeline::missing_of(std::vector<FeedEntry> entries) {
  auto absent = co_await absent_of(std::move(entries));
  std::vector<FeedEntry> missing;
  if (absent.empty()) co_return missing;
  // What is for few goes into no feed, and famous authors are merged on read.
  auto const facts = co_await facts_of(absent);
  std::vector<FeedState::Key> authors;
  for (FeedEntry const& entry : absent) authors.push_back({entry.author});
  auto const states = co_await needs_.tables.get_many<FeedState>(std::move(authors));
  for (std::size_t i = 0; i < absent.size(); ++i) {
    bool const famous = states[i] && was_famous(*states[i]);
    if (reaches_feeds(facts[i]) && !famous) missing.push_back(std::move(absent[i]));
  }
  co_return missing;
}

}  // namespace kith::timeline
