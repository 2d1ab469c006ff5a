// Who comes and how often: it decides only when a feed is written, never what is in it.

#include <algorithm>

#include "services/timeline/timeline.h"

namespace kith::timeline {
namespace {

constexpr Duration famous_kept_for = std::chrono::seconds{10};
constexpr std::size_t intervals_max = 20;
constexpr int attempts_max = 4;
constexpr std::size_t put_max = 1'000;  // rows of one write

}  // namespace

// Notes that a person reads, at most once an hour; who was away gets their feed completed first.
Task<bool> Timeline::arrive(AccountId person) {
  Time const now = needs_.clock.now();
  auto const state = co_await needs_.tables.get<FeedState>({person});
  if (state && state->last_access > now - access_noted_every) co_return false;
  bool const away = !state || state->last_access < now - needs_.settings.active_for;
  FeedState next = state ? *state : FeedState{.person = person};
  next.last_access = now;
  Time const from =
      state ? std::max(state->last_access, now - needs_.settings.entry_lives) : now - needs_.settings.entry_lives;
  Change change;
  change.replace(state, next);
  if (away)
    change.emit(Returned{person, from}, now + second_pass_after);
  else
    change.may_be_lost();  // then it is noted an hour later, or by the next visit
  auto const committed = co_await needs_.tables.commit(std::move(change));
  // A conflict: another request of the same person just did it.
  if (away && committed.done()) co_await rebuild(person, PostId{first_id_at(from)});
  co_return away;
}

// All of it again: the first time may have failed half-way, and would not be tried by the next request.
Task<void> Timeline::on_returned(Returned event) { co_await rebuild(event.person, PostId{first_id_at(event.since)}); }

Task<void> Timeline::wake(Call call, People request) {
  if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
  for (AccountId const person : request.people) {
    auto const state = co_await needs_.tables.get<FeedState>({person});
    FeedState next = state ? *state : FeedState{.person = person};
    next.last_access = needs_.clock.now();
    Change change;
    change.put(next);
    co_await needs_.tables.commit(std::move(change));
  }
}

// The latest posts of everybody the person follows, as entries of their feed.
Task<void> Timeline::rebuild(AccountId person, PostId since) {
  graph::TiesRequest page{.person = person, .kind = graph::TieKind::following, .limit = 500};
  std::size_t authors = 0;
  for (bool more = true; more && authors < rebuild_authors_max;) {
    auto const following = co_await needs_.graph.ties(Call{}, page);
    std::vector<AccountId> written;
    for (auto const& tie : following.ties) written.push_back(tie.other);
    authors += written.size();
    // Their own posts are part of the feed.
    if (!page.max) written.push_back(person);
    auto rows = co_await entries_of(person.value, std::move(written), since, rebuild_posts_each);
    for (std::size_t begin = 0; begin < rows.size(); begin += put_max) {
      auto const end = std::min(begin + put_max, rows.size());
      std::vector<FeedEntry> part(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                  rows.begin() + static_cast<std::ptrdiff_t>(end));
      co_await needs_.tables.put(std::move(part), 1);
    }
    more = following.more;
    if (more) page.max = following.ties.back().tie;
  }
  co_await rebuild_tags(person, since);
}

Task<std::vector<FeedEntry>> Timeline::entries_of(std::uint64_t feed, std::vector<AccountId> authors, PostId since,
                                                  std::size_t each) {
  posts::RecentRequest request{
      .authors = std::move(authors), .since = since, .limit = static_cast<std::uint32_t>(each)};
  auto const recent = co_await needs_.posts.recent(Call{}, std::move(request));
  Time const now = needs_.clock.now();
  std::vector<FeedEntry> rows;
  rows.reserve(recent.posts.size());
  for (posts::RecentPost const& post : recent.posts) {
    bool const own = post.author.value == feed;
    if (post.parent_author && post.root_author != post.author && !own) continue;
    FeedEntry row{.feed = feed, .post = post.post, .author = post.author};
    row.reason = own                               ? Reason::own
                 : post.parent_author              ? Reason::commented
                 : post.kind == posts::Kind::share ? Reason::followed_shared
                                                   : Reason::followed_posted;
    row.target = post.target;
    row.target_author = post.target_author;
    row.root_author = post.root_author;
    row.expires_at_ = time_of_id(post.post.value) + needs_.settings.entry_lives;
    if (row.expires_at_ > now) rows.push_back(std::move(row));
  }
  co_return rows;
}

// Famous from so many followers on, until clearly fewer; each time is remembered as an interval,
// because what was written meanwhile is in nobody's feed and stays merged on read.
Task<bool> Timeline::famous_now(AccountId author, std::uint64_t followers) {
  if (followers < needs_.settings.famous_until) {
    // The common case, without a row.
    auto const state = co_await needs_.tables.get<FeedState>({author});
    if (!state || state->famous_since == no_time) co_return false;
  }
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto const state = co_await needs_.tables.get<FeedState>({author});
    bool const was = state && state->famous_since != no_time;
    bool const is = followers >= (was ? needs_.settings.famous_until : needs_.settings.famous_from);
    if (was == is) co_return is;
    Time const now = needs_.clock.now();
    if (is) {
      Change row;
      row.put(Famous{.name = famous_name, .author = author});
      co_await needs_.tables.commit(std::move(row));
    }
    FeedState next = state ? *state : FeedState{.person = author};
    if (is) {
      next.famous_since = now;
    } else {
      next.famous.push_back({.from = std::exchange(next.famous_since, no_time), .to = now});
      if (next.famous.size() > intervals_max) {
        next.famous[1].from = next.famous[0].from;
        next.famous.erase(next.famous.begin());
      }
    }
    Change change;
    change.replace(state, next);
    auto const committed = co_await needs_.tables.commit(std::move(change));
    if (committed.done()) co_return is;
  }
  throw Error{Code::unavailable, "Please try again", "an author's fame changes too often"};
}

// Who is famous, as it was ten seconds ago at most.
Task<std::vector<AccountId>> Timeline::famous() {
  {
    std::lock_guard const lock(famous_mutex_);
    if (famous_read_ != Duration::min() && needs_.clock.monotonic() < famous_read_ + famous_kept_for) co_return famous_;
  }
  std::vector<AccountId> famous;
  Scan<Famous> scan{.partition = {famous_name}};
  scan.limit = scan_max;
  for (auto const& row : co_await needs_.tables.scan<Famous>(std::move(scan))) famous.push_back(row->author);
  std::lock_guard const lock(famous_mutex_);
  famous_ = famous;
  famous_read_ = needs_.clock.monotonic();
  co_return famous;
}

}  // namespace kith::timeline
