#pragma once

// A page of posts as one viewer may see it: what posts, reactions, users and graph each say in one
// batched call, joined. Owns no table and decides nothing. Any thread.

#include "base/places.h"
#include "services/graph/graph.kith.h"
#include "services/pages/pages.kith.h"
#include "services/posts/posts.kith.h"
#include "services/reactions/reactions.kith.h"
#include "services/users/users.kith.h"

namespace kith::pages {

inline constexpr std::size_t posts_max = 100;
inline constexpr std::size_t authors_max = 300;

class Pages final : public PagesService {
 public:
  struct Needs {
    posts::PostsService& posts;
    reactions::ReactionsService& reactions;
    users::UsersService& users;
    graph::GraphService& graph;
    bool apart = false;  // their reads may wait for another machine
  };
  explicit Pages(Needs needs) : needs_(needs) {}

  Task<Page> statuses(Call call, PostsRequest request) override;
  Task<Page> complete(Call call, SeenRequest request) override;
  Task<AccountStamps> accounts(Call call, AccountsRequest request) override;

 private:
  // What is known of a page's posts and people before it is joined.
  struct Known {
    Places<PostId> posts = Places<PostId>(0);
    std::vector<reactions::ReactionFacts> reactions = {};
    Places<AccountId> counted = Places<AccountId>(0);
    std::vector<posts::AuthorCountsItem> counts = {};
    std::vector<graph::TieCountsOf> ties = {};
    Places<AccountId> stamped = Places<AccountId>(0);
    std::vector<users::Stamp> stamps = {};
  };
  class Asked;

  Task<Page> statuses_apart(Call call, posts::SeeRequest request);
  Task<Page> joined(Call call, std::vector<posts::SeenPost> seen, Known known);
  Task<std::vector<AccountStamp>> stamps(Call call, std::vector<AccountId> accounts, Known const& known);

  Needs needs_;
};

}  // namespace kith::pages
