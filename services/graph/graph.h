#pragma once

// Ties between people: every act is one commit of the row of two people (pair.h); lists and counts
// of ties follow from it before the answer. Any thread.

#include "ports/clock/clock.h"
#include "ports/table/tables.h"
#include "ports/table/walk.h"
#include "services/graph/friends.h"
#include "services/graph/graph.kith.h"
#include "services/users/users.kith.h"

namespace kith::graph {

inline constexpr std::size_t members_max = 500;  // of a list
inline constexpr std::size_t notes_max = 5'000;
inline constexpr std::size_t note_bytes_max = 2'000;
inline constexpr std::size_t list_title_max = 255;

class Graph final : public GraphService, public GraphFollower {
 public:
  struct Needs {
    Tables& tables;
    Clock const& clock;
    users::UsersService& users;
  };
  explicit Graph(Needs needs) : needs_(needs), friends_(needs.tables) {}

  Task<Relationship> perform(Call call, Act act) override;
  Task<RelationshipList> relationships(Call call, Others request) override;
  Task<Judgement> judge(Call call, Questions request) override;
  Task<TiePage> ties(Call call, TiesRequest request) override;
  Task<CountsList> counts(Call call, People request) override;
  Task<MutualList> mutuals(Call call, MutualsRequest request) override;
  Task<MutualList> suggest(Call call, SuggestRequest request) override;
  Task<ListItems> lists(Call call, ListRequest request) override;
  Task<ListItem> save_list(Call call, ListItem item) override;
  Task<void> delete_list(Call call, ListRequest request) override;
  Task<void> change_members(Call call, ListMembers request) override;
  Task<People> members(Call call, ListPage request) override;
  Task<Relationship> set_note(Call call, NoteRequest request) override;
  Task<AllTiesPage> all(Call call, AllTies request) override;
  Task<NotCounted> closeness(Call call, CloserActs request) override;
  Task<keeper::RebuildPage> rebuild(Call call, keeper::RebuildRequest request) override;

  Task<void> on_pair_changed(PairChanged event) override;
  Task<void> on_post_changed(posts::PostChanged event) override;
  Task<void> on_reaction_changed(reactions::ReactionChanged event) override;

 private:
  // A list of the viewer, or not_found.
  Task<Found<List>> own_list(AccountId viewer, ListId list);
  // Makes the rows of one person's ties, and their counts, equal to the pair row.
  Task<void> settle_ties(Pair::Key pair, AccountId person, std::vector<Cause> causes);
  Task<void> settle_member(Pair::Key pair, Cause cause);

  // The walks of a rebuild; each returns where it goes on.
  Task<std::string> walk_pairs(keeper::Walk& walk);
  Task<std::string> walk_ties(keeper::Walk& walk);
  Task<std::string> walk_members(keeper::Walk& walk);
  Task<std::string> walk_counts(keeper::Walk& walk);
  Task<std::string> walk_lists(keeper::Walk& walk);
  Task<std::string> walk_own_lists(keeper::Walk& walk);
  // Compares one person's counts with the rows they count.
  Task<TieCounts> counted(AccountId person);
  Task<void> recount(keeper::Walk& walk, AccountId person);
  // Those of `between` who are friends of both, by their pair rows.
  Task<std::vector<AccountId>> confirmed(AccountId one, AccountId other, std::vector<AccountId> between);
  Task<std::vector<ListId>> exclusive_lists(AccountId viewer, std::vector<Found<Pair>> const& pairs);
  Task<bool> has_common_friend(AccountId one, AccountId other);
  Task<void> closer(AccountId person, AccountId other, std::uint32_t gain, Time at);

  Needs needs_;
  Friends friends_;
};

}  // namespace kith::graph
