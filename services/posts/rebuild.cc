// What follows from heads compared with them: lists of authors, answers, threads, quotes, shares, and
// all counts.

#include <algorithm>
#include <set>

#include "ports/table/recount.h"
#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr std::size_t rows_a_step = 200;   // each is some look-ups
constexpr std::size_t counts_a_step = 20;  // each is a scan of what it counts
// So long a claim may stand before the share it names is written, by its request or the handler.
constexpr Duration share_written_within = std::chrono::minutes{1};

bool is_live(Found<Head> const& head) { return head && head->state != State::deleted; }

// Whether the head says what a derived row says.
bool names(Head const& head, Reply const& row) { return head.parent == row.parent; }
bool names(Head const& head, ThreadPost const& row) { return head.parent && head.root == row.root; }
bool names(Head const& head, Quote const& row) {
  return head.kind == Kind::quote && head.target == row.target && !head.quote_revoked;
}
PostId counted_at(Reply const& row) { return row.parent; }
PostId counted_at(ThreadPost const&) { return {}; }
PostId counted_at(Quote const& row) { return row.target; }

bool same(AuthorCounts const& a, AuthorCounts const& b) { return a.posts == b.posts && a.last == b.last; }
bool same(PostCounts const& a, PostCounts const& b) {
  return a.replies == b.replies && a.shares == b.shares && a.quotes == b.quotes;
}
bool same(OwnCounts const& a, OwnCounts const& b) {
  return a.pins == b.pins && a.muted_threads == b.muted_threads && a.drafts == b.drafts;
}

// All rows of a partition, a thousand at a time.
template <class Row, class Each>
Task<void> each_of(Tables& tables, typename Row::Partition partition, Each& each) {
  Scan<Row> scan{.partition = partition, .limit = scan_max};
  for (bool more = true; more;) {
    auto const rows = co_await tables.scan<Row>(scan);
    for (auto const& row : rows) each(*row);
    more = rows.more;
    if (more) scan.from = after(Row::encode_key(rows.rows.back()->key()).sort);
  }
}

}  // namespace

Task<AllPostsPage> Posts::all(Call call, AllPosts request) {
  if (call.viewer) throw Error{Code::forbidden, "Only the server itself does this"};
  auto [rows, next] = co_await needs_.tables.walk<Head>(std::move(request.cursor),
                                                        std::clamp<std::size_t>(request.limit, 1, multi_get_max));
  AllPostsPage page{.posts = {}, .cursor = std::move(next)};
  for (auto const& row : rows) page.posts.push_back(row->post);
  co_return page;
}

Task<keeper::RebuildPage> Posts::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 13);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_heads(walk); break;
    case 1: next = co_await walk_author_posts(walk); break;
    case 2: next = co_await walk_derived<Reply>(walk, "answer"); break;
    case 3: next = co_await walk_derived<ThreadPost>(walk, "place in a thread of"); break;
    case 4: next = co_await walk_derived<Quote>(walk, "quote"); break;
    case 5: next = co_await walk_shares(walk); break;
    case 6: next = co_await walk_claims(walk); break;
    case 7: next = co_await walk_counts(walk, &AuthorCounts::author); break;
    case 8: next = co_await walk_counts(walk, &PostCounts::post); break;
    case 9: next = co_await walk_counts(walk, &OwnCounts::account); break;
    case 10: next = co_await walk_own<Pin>(walk); break;
    case 11: next = co_await walk_own<MutedThread>(walk); break;
    default: next = co_await walk_own<Draft>(walk); break;
  }
  co_return walk.done(std::move(next));
}

// Every row that a head stands for is there; what it does not stand for is found by the other walks.
Task<std::string> Posts::walk_heads(keeper::Walk& walk) {
  auto [heads, next] = co_await needs_.tables.walk<Head>(walk.cursor(), rows_a_step);
  walk.touched(heads.size());
  std::erase_if(heads, [](Found<Head> const& head) { return !is_live(head); });
  std::vector<AuthorPost::Key> listed;
  std::vector<Reply::Key> replies;
  std::vector<ThreadPost::Key> threads;
  std::vector<Quote::Key> quotes;
  std::vector<Share::Key> shares;
  std::vector<Version::Key> versions;
  for (auto const& head : heads) {
    // Rows that this post does not need are asked for under ids that nobody has.
    bool const comment = static_cast<bool>(head->parent);
    listed.push_back({head->author, head->post});
    replies.push_back({comment ? head->parent : PostId{}, head->post});
    threads.push_back({comment ? head->root : PostId{}, head->post});
    quotes.push_back({head->kind == Kind::quote ? head->target : PostId{}, head->post});
    shares.push_back({head->kind == Kind::share ? head->target : PostId{}, head->author});
    versions.push_back({head->post, head->versions.empty() ? 0 : head->versions.back()});
  }
  auto const listed_there = co_await needs_.tables.get_many<AuthorPost>(std::move(listed));
  auto const replies_there = co_await needs_.tables.get_many<Reply>(std::move(replies));
  auto const threads_there = co_await needs_.tables.get_many<ThreadPost>(std::move(threads));
  auto const quotes_there = co_await needs_.tables.get_many<Quote>(std::move(quotes));
  auto const shares_there = co_await needs_.tables.get_many<Share>(std::move(shares));
  auto const versions_there = co_await needs_.tables.get_many<Version>(std::move(versions));
  for (std::size_t i = 0; i < heads.size(); ++i) {
    Head const& head = *heads[i];
    std::size_t found = 0;
    auto const missing = [&](char const* what) {
      walk.differs("posts: ", what, " post ", head.post, " of account ", head.author, " is missing or differs");
      ++found;
    };
    if (!head.versions.empty() && !versions_there[i])
      walk.differs("posts: the words of post ", head.post, " of account ", head.author, " are missing");
    Version const* const words = versions_there[i] ? &*versions_there[i] : nullptr;
    if (!listed_there[i] || *listed_there[i] != author_post(head, words)) missing("the author's list entry of");
    if (head.parent && !replies_there[i]) missing("the answer");
    if (head.parent && !threads_there[i]) missing("the place in a thread of");
    if (head.kind == Kind::quote && !head.quote_revoked && !quotes_there[i]) missing("the quote");
    if (head.kind == Kind::share && !(shares_there[i] && shares_there[i]->share == head.post)) missing("the claim of");
    if (found != 0 && walk.heals()) co_await on_post_changed(changed(head, heads[i].version()));
  }
  co_await compare_closeness(walk, heads);
  co_return next;
}

Task<void> Posts::compare_closeness(keeper::Walk& walk, std::vector<Found<Head>> const& heads) {
  graph::CloserActs acts{.acts = {}, .count = walk.heals()};
  for (auto const& head : heads) {
    if (!head->parent || !head->parent_author || head->parent_author == head->author) continue;
    graph::CloserAct answer{.person = head->author, .other = head->parent_author};
    answer.at = time_of_id(head->post.value);
    answer.answer = true;
    acts.acts.push_back(std::move(answer));
  }
  auto const asked = acts.acts;
  auto const found = co_await needs_.graph.closeness(Call{}, std::move(acts));
  for (std::uint32_t const i : found.acts)
    walk.differs("posts: the closeness of account ", asked[i].person, " to account ", asked[i].other,
                 " lacks an answer");
}

Task<std::string> Posts::walk_author_posts(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<AuthorPost>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<Head::Key> keys;
  std::vector<AuthorCounts::Key> authors;
  for (auto const& row : rows) {
    keys.push_back({row->post});
    if (authors.empty() || authors.back().author != row->author) authors.push_back({row->author});
  }
  auto const heads = co_await needs_.tables.get_many<Head>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_live(heads[i]) && heads[i]->author == rows[i]->author) continue;
    walk.differs("posts: the list of account ", rows[i]->author, " names post ", rows[i]->post,
                 ", which is not theirs");
    if (!walk.heals()) continue;
    if (heads[i] && heads[i]->author == rows[i]->author) {
      co_await on_post_changed(changed(*heads[i], heads[i].version()));
      continue;
    }
    Change change;
    change.erase(rows[i]);
    co_await needs_.tables.commit(std::move(change));
    co_await recount<AuthorCounts>(walk, {rows[i]->author}, to_string(rows[i]->author));
  }
  // Who has counts is compared by walk_counts.
  auto const counts = co_await needs_.tables.get_many<AuthorCounts>(authors);
  for (std::size_t i = 0; i < authors.size(); ++i)
    if (!counts[i]) co_await recount<AuthorCounts>(walk, authors[i], to_string(authors[i].author));
  co_return next;
}

template <class Row>
Task<std::string> Posts::walk_derived(keeper::Walk& walk, char const* what) {
  auto [rows, next] = co_await needs_.tables.walk<Row>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<Head::Key> keys;
  std::vector<PostCounts::Key> counted;
  for (auto const& row : rows) {
    keys.push_back({row->post});
    counted.push_back({counted_at(*row)});
  }
  auto const heads = co_await needs_.tables.get_many<Head>(std::move(keys));
  auto const counts = co_await needs_.tables.get_many<PostCounts>(counted);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_live(heads[i]) && names(*heads[i], *rows[i])) {
      if (counted[i].post && !counts[i]) co_await recount<PostCounts>(walk, counted[i], to_string(counted[i].post));
      continue;
    }
    walk.differs("posts: the ", what, " post ", rows[i]->post, " follows from nothing");
    if (!walk.heals()) continue;
    if (heads[i] && names(*heads[i], *rows[i])) {
      co_await on_post_changed(changed(*heads[i], heads[i].version()));
      continue;
    }
    Change change;
    change.erase(rows[i]);
    co_await needs_.tables.commit(std::move(change));
    if (counted[i].post) co_await recount<PostCounts>(walk, counted[i], to_string(counted[i].post));
  }
  co_return next;
}

// A claim names a share that is there: a younger one may still be on its way.
Task<std::string> Posts::walk_shares(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Share>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<Head::Key> keys;
  std::vector<PostCounts::Key> counted;
  for (auto const& row : rows) {
    keys.push_back({row->share});
    counted.push_back({row->target});
  }
  auto const heads = co_await needs_.tables.get_many<Head>(std::move(keys));
  auto const counts = co_await needs_.tables.get_many<PostCounts>(counted);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Share const& row = *rows[i];
    if (!counts[i]) co_await recount<PostCounts>(walk, counted[i], to_string(row.target));
    if (is_live(heads[i]) && heads[i]->target == row.target && heads[i]->author == row.person) continue;
    if (!heads[i] && needs_.clock.now() < time_of_id(row.share.value) + share_written_within) continue;
    walk.differs("posts: account ", row.person, " claims to share post ", row.target, " by post ", row.share,
                 ", which is not there");
    if (!walk.heals()) continue;
    auto const target = co_await needs_.tables.get<Head>({row.target});
    PostChanged event{.post = row.share, .author = row.person, .target = row.target};
    if (target) event.target_author = target->author;
    co_await on_post_changed(event);
  }
  co_return next;
}

Task<std::string> Posts::walk_claims(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Claim>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<Head::Key> keys;
  for (auto const& row : rows) keys.push_back({PostId{row->post}});
  auto const heads = co_await needs_.tables.get_many<Head>(std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!heads[i] || heads[i]->author == rows[i]->account) continue;
    walk.differs("posts: account ", rows[i]->account, " claims post ", heads[i]->post, ", which is not theirs");
    if (!walk.heals()) continue;
    Change change;
    change.erase(rows[i]);
    co_await needs_.tables.commit(std::move(change));
  }
  co_return next;
}

template <class Counts, class Id>
Task<std::string> Posts::walk_counts(keeper::Walk& walk, Id Counts::* of) {
  auto [rows, next] = co_await needs_.tables.walk<Counts>(walk.cursor(), counts_a_step);
  walk.touched(rows.size());
  for (auto const& row : rows) co_await recount<Counts>(walk, row->key(), to_string((*row).*of));
  co_return next;
}

// Whose count is not there at all.
template <class Own>
Task<std::string> Posts::walk_own(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<Own>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  std::vector<OwnCounts::Key> people;
  for (auto const& row : rows)
    if (people.empty() || people.back().account != row->account) people.push_back({row->account});
  auto const counts = co_await needs_.tables.get_many<OwnCounts>(people);
  for (std::size_t i = 0; i < people.size(); ++i)
    if (!counts[i]) co_await recount<OwnCounts>(walk, people[i], to_string(people[i].account));
  co_return next;
}

Task<AuthorCounts> Posts::counted(AuthorCounts::Key key) {
  AuthorCounts counts{.author = key.author};
  auto const count = [&](AuthorPost const& row) {
    ++counts.posts;
    counts.last = std::max(counts.last, row.post);
  };
  co_await each_of<AuthorPost>(needs_.tables, {key.author}, count);
  co_return counts;
}

Task<PostCounts> Posts::counted(PostCounts::Key key) {
  PostCounts counts{.post = key.post};
  auto const reply = [&](Reply const&) { ++counts.replies; };
  auto const share = [&](Share const&) { ++counts.shares; };
  auto const quote = [&](Quote const&) { ++counts.quotes; };
  co_await each_of<Reply>(needs_.tables, {key.post}, reply);
  co_await each_of<Share>(needs_.tables, {key.post}, share);
  co_await each_of<Quote>(needs_.tables, {key.post}, quote);
  co_return counts;
}

Task<OwnCounts> Posts::counted(OwnCounts::Key key) {
  OwnCounts counts{.account = key.account};
  auto const pin = [&](Pin const&) { ++counts.pins; };
  auto const thread = [&](MutedThread const&) { ++counts.muted_threads; };
  auto const draft = [&](Draft const&) { ++counts.drafts; };
  co_await each_of<Pin>(needs_.tables, {key.account}, pin);
  co_await each_of<MutedThread>(needs_.tables, {key.account}, thread);
  co_await each_of<Draft>(needs_.tables, {key.account}, draft);
  co_return counts;
}

template <class Counts>
Task<void> Posts::recount(keeper::Walk& walk, typename Counts::Key key, std::string whose) {
  auto const now = [this, key] { return counted(key); };
  bool const differed = co_await keeper::recount<Counts>(needs_.tables, walk, key, now, same);
  if (differed) walk.differs("posts: ", Counts::table().name, " of ", whose, " differ from the rows they count");
}

}  // namespace kith::posts
