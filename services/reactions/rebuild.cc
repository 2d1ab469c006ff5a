// Lists of reactions and bookmarks compared with their rows, and their counts with what they count.

#include <algorithm>

#include "ports/table/recount.h"
#include "services/reactions/reactions.h"

namespace kith::reactions {
namespace {

constexpr std::size_t rows_a_step = 200;   // each is some look-ups
constexpr std::size_t counts_a_step = 20;  // each is a scan of what it counts

bool same(ReactionCounts const& a, ReactionCounts const& b) {
  return a.like == b.like && a.love == b.love && a.care == b.care && a.laugh == b.laugh && a.wow == b.wow &&
         a.sad == b.sad && a.angry == b.angry;
}
bool same(BookmarkCounts const& a, BookmarkCounts const& b) { return a.bookmarks == b.bookmarks; }

void count(ReactionCounts& counts, Kind kind) {
  switch (kind) {
    case Kind::like: ++counts.like; break;
    case Kind::love: ++counts.love; break;
    case Kind::care: ++counts.care; break;
    case Kind::laugh: ++counts.laugh; break;
    case Kind::wow: ++counts.wow; break;
    case Kind::sad: ++counts.sad; break;
    case Kind::angry: ++counts.angry; break;
    default: break;
  }
}

}  // namespace

Task<AllReactionsPage> Reactions::all(Call call, AllReactions request) {
  if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
  auto [rows, next] = co_await needs_.tables.walk<Reaction>(std::move(request.cursor),
                                                            std::clamp<std::size_t>(request.limit, 1, multi_get_max));
  AllReactionsPage page{.reactions = {}, .cursor = std::move(next)};
  for (auto const& row : rows)
    page.reactions.push_back({.post = row->post, .person = row->person, .reaction = row->reaction});
  co_return page;
}

Task<keeper::RebuildPage> Reactions::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 5);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_reactions(walk); break;
    case 1: next = co_await walk_reactions_of(walk); break;
    case 2: next = co_await walk_bookmarks(walk); break;
    case 3: next = co_await walk_counts<ReactionCounts>(walk); break;
    default: next = co_await walk_counts<BookmarkCounts>(walk); break;
  }
  co_return walk.done(std::move(next));
}

Task<std::string> Reactions::walk_reactions(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Reaction>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<ReactionOf::Key> keys;
  std::vector<ReactionCounts::Key> posts;
  for (auto const& row : rows) {
    keys.push_back({row->person, row->reaction});
    if (posts.empty() || posts.back().post != row->post) posts.push_back({row->post});
  }
  auto const there = co_await needs_.tables.get_many<ReactionOf>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Reaction const& row = *rows[i];
    if (there[i] && there[i]->post == row.post && there[i]->kind == row.kind) continue;
    walk.differs("reactions: the list of account ", row.person, " lacks reaction ", row.reaction, " to post ",
                 row.post);
    if (walk.heals()) co_await on_reaction_changed({.post = row.post, .person = row.person, .reaction = row.reaction});
  }
  auto const counts = co_await needs_.tables.get_many<ReactionCounts>(posts);
  for (std::size_t i = 0; i < posts.size(); ++i)
    if (!counts[i]) co_await recount<ReactionCounts>(walk, posts[i]);
  co_await compare_closeness(walk, std::move(rows));
  co_return next;
}

Task<void> Reactions::compare_closeness(keeper::Walk& walk, std::vector<Found<Reaction>> rows) {
  posts::PostIds ids;
  for (auto const& row : rows) ids.posts.push_back(row->post);
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  graph::CloserActs acts{.acts = {}, .count = walk.heals()};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    AccountId const author = facts.posts[i].author;
    if (author && author != rows[i]->person)
      acts.acts.push_back({.person = rows[i]->person, .other = author, .at = time_of_id(rows[i]->reaction.value)});
  }
  auto const asked = acts.acts;
  auto const found = co_await needs_.graph.closeness(Call{}, std::move(acts));
  for (std::uint32_t const i : found.acts)
    walk.differs("reactions: the closeness of account ", asked[i].person, " to account ", asked[i].other,
                 " lacks a reaction");
}

Task<std::string> Reactions::walk_reactions_of(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<ReactionOf>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<Reaction::Key> keys;
  for (auto const& row : rows) keys.push_back({row->post, row->person});
  auto const truth = co_await needs_.tables.get_many<Reaction>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ReactionOf const& row = *rows[i];
    if (truth[i] && truth[i]->reaction == row.reaction) continue;
    walk.differs("reactions: the list of account ", row.person, " names reaction ", row.reaction, " to post ", row.post,
                 ", which is not there");
    if (walk.heals()) co_await on_reaction_changed({.post = row.post, .person = row.person, .reaction = row.reaction});
  }
  co_return next;
}

// Both rows of a bookmark change in one commit; this finds what was damaged.
Task<std::string> Reactions::walk_bookmarks(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Bookmark>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<BookmarkById::Key> keys;
  std::vector<BookmarkCounts::Key> people;
  for (auto const& row : rows) {
    keys.push_back({row->person, row->bookmark});
    if (people.empty() || people.back().person != row->person) people.push_back({row->person});
  }
  auto const there = co_await needs_.tables.get_many<BookmarkById>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Bookmark const& row = *rows[i];
    if (there[i] && there[i]->post == row.post) continue;
    walk.differs("reactions: the bookmarks of account ", row.person, " lack post ", row.post);
    if (!walk.heals()) continue;
    Change change;
    change.check(row.key(), rows[i]);
    change.put(BookmarkById{.person = row.person, .bookmark = row.bookmark, .post = row.post});
    co_await needs_.tables.commit(std::move(change));  // a conflict: it was just taken back
  }
  auto const counts = co_await needs_.tables.get_many<BookmarkCounts>(people);
  for (std::size_t i = 0; i < people.size(); ++i)
    if (!counts[i]) co_await recount<BookmarkCounts>(walk, people[i]);
  co_return next;
}

template <class Counts>
Task<std::string> Reactions::walk_counts(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Counts>(walk.cursor(), counts_a_step);
  walk.touched(rows.size());
  for (auto const& row : rows) co_await recount<Counts>(walk, row->key());
  co_return next;
}

Task<ReactionCounts> Reactions::counted(ReactionCounts::Key key) {
  ReactionCounts counts{.post = key.post};
  Scan<Reaction> scan{.partition = {key.post}, .limit = scan_max};
  for (bool more = true; more;) {
    auto const rows = co_await needs_.tables.scan<Reaction>(scan);
    for (auto const& row : rows) count(counts, row->kind);
    more = rows.more;
    if (more) scan.from = after(Reaction::sort(rows.rows.back()->person));
  }
  co_return counts;
}

Task<BookmarkCounts> Reactions::counted(BookmarkCounts::Key key) {
  BookmarkCounts counts{.person = key.person};
  Scan<Bookmark> scan{.partition = {key.person}, .limit = scan_max};
  for (bool more = true; more;) {
    auto const rows = co_await needs_.tables.scan<Bookmark>(scan);
    counts.bookmarks += rows.rows.size();
    more = rows.more;
    if (more) scan.from = after(Bookmark::sort(rows.rows.back()->post));
  }
  co_return counts;
}

template <class Counts>
Task<void> Reactions::recount(keeper::Walk& walk, typename Counts::Key key) {
  auto const now = [this, key] { return counted(key); };
  bool const differed = co_await keeper::recount<Counts>(needs_.tables, walk, key, now, same);
  if (!differed) co_return;
  std::string whose;
  if constexpr (requires { key.post; })
    whose = "post " + to_string(key.post);
  else
    whose = "account " + to_string(key.person);
  walk.differs("reactions: ", Counts::table().name, " of ", whose, " differ from the rows they count");
}

}  // namespace kith::reactions
