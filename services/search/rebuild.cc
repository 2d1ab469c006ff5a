// Words compared with the people and posts that have them. A word that nobody has any more does no
// harm, it is passed over when found; a rebuild drops it.

#include <algorithm>

#include "services/search/search.h"

namespace kith::search {
namespace {

constexpr std::size_t rows_a_step = 200;

}  // namespace

Task<keeper::RebuildPage> Search::rebuild(Call call, keeper::RebuildRequest request) {
  keeper::Walk walk(call, std::move(request), 3);
  std::string next;
  switch (walk.part()) {
    case 0: next = co_await walk_people(walk); break;
    case 1: next = co_await walk_words(walk); break;
    default: next = co_await walk_posts(walk); break;
  }
  co_return walk.done(std::move(next));
}

Task<std::string> Search::walk_people(keeper::Walk& walk) {
  users::AllAccounts const page{.cursor = walk.cursor(), .limit = rows_a_step};
  auto all = co_await needs_.users.all(Call{}, page);
  walk.touched(all.people.size());
  for (users::Person const& person : all.people) {
    std::vector<PersonWord::Key> keys;
    for (PersonWord const& row : rows_of(person)) keys.push_back(row.key());
    if (keys.empty()) continue;
    auto const there = co_await needs_.tables.get_many<PersonWord>(std::move(keys));
    if (std::ranges::all_of(there, [](auto const& row) { return static_cast<bool>(row); })) continue;
    walk.differs("search: account ", person.account, " is not found by one of its words");
    if (walk.heals()) co_await on_account_changed({.account = person.account});
  }
  co_return all.cursor;
}

Task<std::string> Search::walk_words(keeper::Walk& walk) {
  auto [rows, next] = co_await needs_.tables.walk<PersonWord>(walk.cursor(), rows_a_step);
  walk.touched(rows.size());
  users::Accounts accounts;
  for (auto const& row : rows) accounts.accounts.push_back(row->account);
  auto const people = co_await needs_.users.people(Call{}, std::move(accounts));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const words = rows_of(people.people[i]);
    if (std::ranges::find(words, rows[i]->key(), &PersonWord::key) != words.end()) continue;
    if (people.people[i].version == 0) walk.differs("search: account ", rows[i]->account, " is found and is not there");
    if (!walk.heals()) continue;
    // As old as the row that was seen: a word that came back meanwhile stays.
    std::vector<PersonWord::Key> gone(1, rows[i]->key());
    co_await needs_.tables.erase<PersonWord>(std::move(gone), rows[i].version());
  }
  co_return next;
}

Task<std::string> Search::walk_posts(keeper::Walk& walk) {
  posts::AllPosts const page{.cursor = walk.cursor(), .limit = rows_a_step};
  auto all = co_await needs_.posts.all(Call{}, page);
  posts::PostIds ids{.posts = std::move(all.posts)};
  auto const facts = co_await needs_.posts.fanout_facts_of(Call{}, std::move(ids));
  walk.touched(facts.posts.size());
  Time const now = needs_.clock.now();
  std::vector<TagWord::Key> keys;
  std::vector<PostId> post_of;
  for (posts::FanoutFacts const& post : facts.posts) {
    for (TagWord const& row : rows_of(post)) {
      if (row.expires_at_ <= now) continue;
      keys.push_back(row.key());
      post_of.push_back(post.post);
    }
  }
  auto const there = co_await needs_.tables.get_many<TagWord>(std::move(keys));
  for (std::size_t i = 0; i < post_of.size(); ++i) {
    if (there[i]) continue;
    walk.differs("search: a tag of post ", post_of[i], " is not found");
    if (walk.heals()) co_await on_post_changed({.post = post_of[i]});
  }
  co_return all.cursor;
}

}  // namespace kith::search
