// What must be true when the storm is over and every event was handled.

#include <algorithm>

#include "tests/simulation/community.h"

namespace kith::simulation {
namespace {

using graph::TieKind;
using posts::Rule;

std::string text(AccountId id) { return to_string(id); }
std::string text(PostId id) { return to_string(id); }

graph::Side const& side(graph::Pair const& pair, AccountId person) {
  return pair.lo == person ? pair.lo_side : pair.hi_side;
}

template <class T>
Task<std::vector<T>> walk_all(Tables& tables) {
  std::vector<T> all;
  std::string cursor;
  do {
    auto page = co_await tables.walk<T>(std::move(cursor), 500);
    for (auto const& row : page.first) all.push_back(*row);
    cursor = std::move(page.second);
  } while (!cursor.empty());
  co_return all;
}

}  // namespace

template <class T>
std::vector<T> Community::rows() {
  return world_.run(walk_all<T>(world_.true_tables()));
}

void Community::check_truth() {
  pairs_.clear();
  for (graph::Pair& pair : rows<graph::Pair>()) pairs_[{pair.lo, pair.hi}] = pair;
  check_ties();
  check_posts();
  check_reactions();
  check_feeds();
}

graph::Pair Community::pair_of(AccountId one, AccountId other) {
  auto const key = std::minmax(one, other);
  auto const found = pairs_.find({key.first, key.second});
  return found == pairs_.end() ? graph::Pair{.lo = key.first, .hi = key.second} : found->second;
}

// Everybody's lists are what the rows of two people say, and the counts beside them are right.
void Community::check_ties() {
  using Line = std::tuple<AccountId, TieKind, TieId, AccountId>;
  std::set<Line> expected, listed;
  for (auto const& [key, pair] : pairs_) {
    if (pair.friend_) {
      expected.insert({pair.lo, TieKind::friend_, pair.friend_, pair.hi});
      expected.insert({pair.hi, TieKind::friend_, pair.friend_, pair.lo});
    }
    for (auto const& [me, other] : {key, std::pair{key.second, key.first}}) {
      graph::Side const& mine = side(pair, me);
      auto const both = [&](TieId tie, TieKind kind, TieKind kind_of_other) {
        if (!tie) return;
        expected.insert({me, kind, tie, other});
        if (kind_of_other != TieKind::unspecified) expected.insert({other, kind_of_other, tie, me});
      };
      both(mine.follow, TieKind::following, TieKind::follower);
      both(mine.request, TieKind::asked, TieKind::asked_by);
      both(mine.block, TieKind::blocking, TieKind::blocked_by);
      both(mine.mute, TieKind::muting, TieKind::unspecified);
      both(mine.close, TieKind::close, TieKind::unspecified);
      auto const told = blocks_told_.find({me, other});
      if (told != blocks_told_.end() && told->second.sure)
        require(static_cast<bool>(mine.block) == told->second.value, "an acknowledged block is lost or undone");
      require(!mine.block || (!pair.friend_ && !pair.lo_side.follow && !pair.hi_side.follow),
              "a block stands beside a friendship");
    }
  }
  std::map<std::pair<AccountId, TieKind>, std::uint64_t> numbers;
  for (graph::Tie const& tie : rows<graph::Tie>()) {
    listed.insert({tie.person, tie.kind, tie.tie, tie.other});
    ++numbers[{tie.person, tie.kind}];
  }
  require(listed == expected, "lists of ties differ from what people are to each other");
  for (graph::TieCounts const& counts : rows<graph::TieCounts>()) {
    auto const is = [&](TieKind kind, std::uint64_t number) {
      require(numbers[{counts.person, kind}] == number,
              "a count of ties differs from its rows, of " + text(counts.person));
    };
    is(TieKind::friend_, counts.friends);
    is(TieKind::following, counts.following);
    is(TieKind::follower, counts.followers);
    is(TieKind::asked, counts.asked);
    is(TieKind::asked_by, counts.asked_by);
  }
}

// Every post that an author was told of is there once, with its words and in its state; lists and
// counts follow from it.
void Community::check_posts() {
  std::map<PostId, posts::Head> heads;
  std::map<AccountId, std::set<PostId>> by_author;
  std::map<PostId, std::uint64_t> replies;
  std::map<std::string, std::size_t> with_words;
  for (posts::Head const& head : rows<posts::Head>()) {
    heads[head.post] = head;
    if (head.state == posts::State::deleted) continue;
    by_author[head.author].insert(head.post);
    if (head.parent) ++replies[head.parent];
    if (head.kind == posts::Kind::share) continue;
    posts::ContentKeys const keys{.keys = {{.post = head.post, .version = head.versions.back()}}};
    auto const content = world_.run(posts_->contents(as(head.author), keys)).contents.at(0);
    require(content.version != 0, "a head names words that are not there: " + text(head.post));
    ++with_words[content.text];
    auto const known = std::ranges::find(written_, head.post, &Written::post);
    if (known != written_.end()) require(content.text == known->text, "a post has other words: " + text(head.post));
  }
  for (auto const& [words, count] : with_words) require(count == 1, "a post is there twice: " + words);
  for (Written const& post : written_) {
    require(heads.contains(post.post), "an acknowledged post is lost: " + text(post.post));
    bool const deleted = heads[post.post].state == posts::State::deleted;
    require(deleted == post.removed, "a post is deleted, or is not, against its author's word: " + text(post.post));
  }
  std::map<AccountId, std::set<PostId>> listed;
  for (posts::AuthorPost const& row : rows<posts::AuthorPost>()) listed[row.author].insert(row.post);
  std::erase_if(listed, [](auto const& list) { return list.second.empty(); });
  require(listed == by_author, "authors' lists differ from their posts");
  for (posts::AuthorCounts const& counts : rows<posts::AuthorCounts>())
    require(counts.posts == by_author[counts.author].size(), "an author's count differs from the posts");

  std::map<PostId, std::uint64_t> reply_rows, share_rows;
  for (posts::Reply const& row : rows<posts::Reply>()) ++reply_rows[row.parent];
  require(reply_rows == replies, "lists of replies differ from the comments");
  std::map<std::pair<PostId, AccountId>, PostId> shares;
  for (posts::Share const& row : rows<posts::Share>()) {
    ++share_rows[row.target];
    shares[{row.target, row.person}] = row.share;
    require(heads.contains(row.share) && heads[row.share].state == posts::State::live,
            "a share's row names no share: " + text(row.share));
  }
  for (auto const& [post, head] : heads)
    if (head.kind == posts::Kind::share && head.state == posts::State::live)
      require(shares[{head.target, head.author}] == post, "a share is not named by its row: " + text(post));
  for (posts::PostCounts const& counts : rows<posts::PostCounts>()) {
    require(counts.replies == reply_rows[counts.post], "a count of replies differs from its rows");
    require(counts.shares == share_rows[counts.post], "a count of shares differs from its rows");
  }
  for (auto const& [key, told] : shares_told_)
    if (told.sure)
      require(shares.contains(key) == told.value,
              "an acknowledged share is lost, doubled or undone: " + text(key.first));
}

void Community::check_reactions() {
  std::map<std::pair<PostId, AccountId>, reactions::Reaction> there;
  std::map<std::pair<PostId, reactions::Kind>, std::uint64_t> numbers;
  std::map<PostId, std::uint64_t> totals;
  for (reactions::Reaction const& row : rows<reactions::Reaction>()) {
    there[{row.post, row.person}] = row;
    ++numbers[{row.post, row.kind}];
    ++totals[row.post];
  }
  std::map<PostId, std::uint64_t> counted;
  for (reactions::ReactionCounts const& row : rows<reactions::ReactionCounts>()) {
    require(row.like == numbers[{row.post, reactions::Kind::like}], "a count of likes differs from its rows");
    counted[row.post] = row.like + row.love + row.care + row.laugh + row.wow + row.sad + row.angry;
  }
  for (auto const& [post, total] : totals)
    require(counted[post] == total, "a count of reactions differs from its rows");
  for (auto const& [post, total] : counted) require(totals[post] == total, "reactions are counted that are not there");
  std::size_t listed = 0;
  for (reactions::ReactionOf const& row : rows<reactions::ReactionOf>()) {
    ++listed;
    auto const found = there.find({row.post, row.person});
    require(found != there.end() && found->second.reaction == row.reaction && found->second.kind == row.kind,
            "a person's list names a reaction that is not there");
  }
  require(listed == there.size(), "a reaction is missing in its person's list");
  for (auto const& [key, told] : reactions_told_) {
    auto const post = std::ranges::find(written_, key.first, &Written::post);
    if (!told.sure || post->removed) continue;
    auto const found = there.find(key);
    auto const now = found == there.end() ? reactions::Kind::unspecified : found->second.kind;
    require(now == told.value, "an acknowledged reaction is lost, doubled or undone: " + text(key.first));
  }
}

bool Community::may_see(AccountId viewer, Written const& post) {
  if (post.removed) return false;
  if (post.author == viewer) return true;
  graph::Pair const pair = pair_of(viewer, post.author);
  if (pair.lo_side.block || pair.hi_side.block) return false;
  switch (post.rule) {
    case Rule::public_: return true;
    case Rule::followers: return side(pair, viewer).follow || pair.friend_;
    case Rule::friends: return static_cast<bool>(pair.friend_);
    case Rule::close: return pair.friend_ && side(pair, post.author).close;
    default: return false;
  }
}

std::vector<PostId> Community::home_of(AccountId person) {
  std::vector<PostId> shown;
  timeline::PageRequest request{.limit = 20};
  for (int page = 0; page < 100; ++page) {
    auto const read = world_.run(timeline_->home(as(person), request));
    for (auto const& status : read.page.statuses) {
      shown.push_back(status.facts.post);
      if (status.facts.kind == posts::Kind::share)
        require(status.target_visible, "a share shows somebody what they may not see");
    }
    if (!read.more || !read.last) return shown;
    request.max = read.last;
  }
  throw Broken("a home never ends");
}

std::vector<PostId> Community::posts_of(AccountId author, AccountId viewer) {
  std::vector<PostId> shown;
  posts::AuthorRequest request{.author = author, .limit = 40};
  for (int page = 0; page < 100; ++page) {
    auto const read = world_.run(posts_->by_author(as(viewer), request));
    for (auto const& seen : read.posts) shown.push_back(seen.facts.post);
    if (!read.more) return shown;
    request.max = read.examined;
  }
  throw Broken("an author's list never ends");
}

// Homes and profiles show what audience and ties allow: all of it, and nothing else.
void Community::check_feeds() {
  for (Person const& person : people_) world_.run(timeline_->home(as(person.id), {.limit = 1}));
  world_.settle();  // those who were away get a second pass
  for (Person const& viewer : people_) {
    std::vector<PostId> const shown = home_of(viewer.id);
    std::set<PostId> const home(shown.begin(), shown.end());
    require(home.size() == shown.size(), "a home shows a post twice, to " + text(viewer.id));
    for (Written const& post : written_) {
      if (post.parent != 0) {
        require(!post.removed || !home.contains(post.post), "a home shows a deleted comment");
        continue;
      }
      graph::Pair const pair = pair_of(viewer.id, post.author);
      bool const own = post.author == viewer.id;
      bool const wanted = own || (side(pair, viewer.id).follow && !side(pair, viewer.id).mute);
      bool const expected = wanted && may_see(viewer.id, post);
      require(home.contains(post.post) == expected, std::string(expected ? "a home lacks" : "a home shows") + " post " +
                                                        text(post.post) + " of " + text(post.author) + ", to " +
                                                        text(viewer.id));
    }
  }
  for (Person const& author : people_) {
    for (Person const& viewer : people_) {
      std::vector<PostId> const shown = posts_of(author.id, viewer.id);
      std::set<PostId> const profile(shown.begin(), shown.end());
      for (Written const& post : written_) {
        if (post.author != author.id || post.parent != 0) continue;
        require(profile.contains(post.post) == may_see(viewer.id, post),
                "a profile differs from what its viewer may see: post " + text(post.post) + ", to " + text(viewer.id));
      }
    }
  }
}

// Nothing fails and nobody is slow: what one does is seen in every list of one's own, at once.
void Community::check_own_writes() {
  for (Person& person : people_) {
    person.intent = Intent{.act = Intent::Act::publish, .number = ++numbers_, .rule = Rule::public_};
    world_.run(attempt(person));
    PostId const post = written_.back().post;
    require(written_.back().author == person.id, "a post was refused though every engine works");
    auto const first = world_.run(timeline_->home(as(person.id), {.limit = 5})).page.statuses;
    require(!first.empty() && first.front().facts.post == post, "one's own post is not at the top of one's home");
    auto const own = posts_of(person.id, person.id);
    require(!own.empty() && own.front() == post, "one's own post is not at the top of one's profile");

    person.intent = Intent{.act = Intent::Act::react, .post = written_.size() - 1, .kind = reactions::Kind::like};
    world_.run(attempt(person));
    auto const liked = world_.run(reactions_->mine(as(person.id), {.limit = 1})).items;
    require(!liked.empty() && liked.front().post == post, "one's own reaction is not in one's list");

    AccountId const other = people_[world_.random.below(people_.size())].id;
    if (other == person.id) continue;
    person.intent = Intent{.act = Intent::Act::tie, .verb = graph::Verb::mute, .other = other};
    world_.run(attempt(person));
    graph::TiesRequest const muted{.person = person.id, .kind = TieKind::muting, .limit = 100};
    auto const ties = world_.run(graph_->ties(as(person.id), muted)).ties;
    require(std::ranges::find(ties, other, &graph::TieItem::other) != ties.end(),
            "one's own mute is not in one's list");
  }
}

}  // namespace kith::simulation
