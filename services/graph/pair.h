#pragma once

// What an act does to the row of two people: one pure function, and all that is read from the row.
//
// Client verbs in their terms (a friend is following && followed_by):
//   follow an unlocked account      follows at once; two plain follows are no friendship
//   follow a locked account, or ask friendship: an ask stands; an ask from the other side too: friends
//   accept an ask                   friends, and both follow
//   unfollow or remove a friend     the friendship ends with both follows: what an app shows must not
//                                   be narrower than what is granted
//   see less of a friend            stays a friend, stops following (our own act)
//   block                           ends friendship, follows, asks, close, list memberships, both ways

#include <array>
#include <vector>

#include "services/graph/graph.kith.h"

namespace kith::graph {

inline constexpr std::size_t lists_max = 50;  // of one person, as many as apps list on one screen; so bounds the row

// The most ids that one act can make: friendship, both follows, and to be told of posts.
using FreshTies = std::array<TieId, 4>;

struct Next {
  Pair pair;
  std::vector<Cause> causes;  // made or ended; empty: nothing changed but perhaps options
};

Pair::Key key_of(AccountId one, AccountId other);
// The side of `person` and the other one.
Side const& side_of(Pair const& pair, AccountId person);
Side const& other_side_of(Pair const& pair, AccountId person);

// The row after `actor` did `act`. Throws Error{invalid, forbidden} with the sentence for the person.
Next next(Pair pair, AccountId actor, Act const& act, bool other_locked, FreshTies const& fresh);

// Every tie the row names now.
std::vector<Cause> ties_of(Pair const& pair);
bool names(Pair const& pair, Cause const& cause);

// Whether this follow or ask, which the row names, is surely its holder's own doing: friends who were made by
// an accepted ask follow each other from the same moment on, and one of the two did nothing.
bool surely_by_holder(Pair const& pair, Cause const& cause);

// What the row says to each of the two.
Relationship relationship_of(Pair const* pair, AccountId viewer, AccountId other, Time now);
Judged judged_of(Pair const& pair, AccountId viewer, AccountId author, ListId list, Time now);

}  // namespace kith::graph
