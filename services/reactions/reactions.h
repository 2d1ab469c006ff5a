#pragma once

// Reactions (a like is one kind) and bookmarks.
//
// A reaction is one row of its post, and the count of its kind stands beside it; both change in one
// commit, so counts equal rows at every instant. What is done to a share is done to what it shares.
// Any thread.

#include "ports/clock/clock.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/graph/graph.kith.h"
#include "services/posts/posts.kith.h"
#include "services/reactions/reactions.kith.h"

namespace kith::reactions {

inline constexpr std::size_t page_max = 80;
inline constexpr std::size_t bookmarks_max = 20'000;

// Its row in the list of the person.
ReactionOf reaction_of(Reaction const& reaction);

class Reactions final : public ReactionsService, public ReactionsFollower {
 public:
  struct Needs {
    Tables& tables;
    posts::PostsService& posts;
    graph::GraphService& graph;
  };
  explicit Reactions(Needs needs) : needs_(needs) {}

  Task<void> react(Call call, ReactRequest request) override;
  Task<FactsPage> facts(Call call, PostIds request) override;
  Task<Reactors> people(Call call, PeopleRequest request) override;
  Task<OwnPage> mine(Call call, OwnRequest request) override;
  Task<void> set_bookmark(Call call, BookmarkRequest request) override;
  Task<OwnPage> bookmarks(Call call, OwnRequest request) override;
  Task<OwnItem> find(Call call, CauseRequest request) override;
  Task<AllReactionsPage> all(Call call, AllReactions request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

  Task<void> on_reaction_changed(ReactionChanged event) override;
  Task<void> on_post_deleted(posts::PostDeleted event) override;

 private:
  struct Target {
    PostId post;
    AccountId author;
    bool visible = false;
  };
  Task<FactsPage> facts_apart(Call call, PostIds request, std::vector<ReactionCounts::Key> keys);
  // What a post stands for, as far as the viewer may see it.
  Task<Target> target(Call call, PostId post);
  // One commit; false when the row moved meanwhile.
  Task<bool> change(Call call, Target target, Kind kind, bool remove);
  Task<bool> change_bookmark(Call call, PostId post, bool on);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_reactions(keeper::Walk& walk);
  Task<void> compare_closeness(keeper::Walk& walk, std::vector<Found<Reaction>> rows);
  Task<std::string> walk_reactions_of(keeper::Walk& walk);
  Task<std::string> walk_bookmarks(keeper::Walk& walk);
  template <class Counts>
  Task<std::string> walk_counts(keeper::Walk& walk);
  // What a row of counts would be if it were counted now.
  Task<ReactionCounts> counted(ReactionCounts::Key key);
  Task<BookmarkCounts> counted(BookmarkCounts::Key key);
  template <class Counts>
  Task<void> recount(keeper::Walk& walk, typename Counts::Key key);

  Needs needs_;
};

// Where reactions of a kind are counted; nothing for a kind that is none.
std::optional<ReactionCounts::Field> field_of(Kind kind);

}  // namespace kith::reactions
