#pragma once

// Finding people and hashtags by the beginning of a word, without an extra server: each word is a row
// under its first two letters. A row only proposes; whether the account still has the word, and may
// be shown, is asked when it is found. Any thread.

#include "ports/clock/clock.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/graph/graph.kith.h"
#include "services/posts/posts.kith.h"
#include "services/search/search.kith.h"
#include "services/users/users.kith.h"

namespace kith::search {

inline constexpr std::size_t hits_read_max = 200;
inline constexpr std::size_t page_max = 40;
inline constexpr std::size_t words_max = 12;  // of one account: handle and display name have no more
inline constexpr Duration tag_kept_for = std::chrono::days{90};

class Search final : public SearchService, public SearchFollower {
 public:
  struct Needs {
    Tables& tables;
    Clock const& clock;
    users::UsersService& users;
    graph::GraphService& graph;
    posts::PostsService& posts;
  };
  explicit Search(Needs needs) : needs_(needs) {}

  Task<FoundPeople> people(Call call, Query request) override;
  Task<FoundTags> tags(Call call, Query request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

  Task<void> on_account_changed(users::AccountChanged event) override;
  Task<void> on_post_changed(posts::PostChanged event) override;

 private:
  Task<std::vector<AccountId>> proposed(std::string word);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_people(keeper::Walk& walk);
  Task<std::string> walk_words(keeper::Walk& walk);
  Task<std::string> walk_posts(keeper::Walk& walk);

  Needs needs_;
};

// The words by which somebody, or a post's tags, are found; none of those who cannot be.
std::vector<PersonWord> rows_of(users::Person const& person);
std::vector<TagWord> rows_of(posts::FanoutFacts const& post);

}  // namespace kith::search
