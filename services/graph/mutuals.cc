// Mutual friends and friends of friends. Sets propose, pair rows decide: every found friend is
// confirmed by two pair rows before anything is granted or shown.

#include <algorithm>
#include <map>

#include "services/graph/graph.h"
#include "services/graph/pair.h"

namespace kith::graph {
namespace {

// Most candidates are confirmed at once; only a set far behind its pairs needs the rest.
constexpr std::size_t confirmed_at_most = 40;
// Whose friends are looked at for suggestions: more would not change the first page.
constexpr std::size_t suggesting_friends = 200;
constexpr std::size_t shown_mutuals = 10;

}  // namespace

Task<std::vector<AccountId>> Graph::confirmed(AccountId one, AccountId other, std::vector<AccountId> between) {
  std::vector<Pair::Key> keys;
  keys.reserve(between.size() * 2);
  for (AccountId const person : between) {
    keys.push_back(key_of(one, person));
    keys.push_back(key_of(other, person));
  }
  auto const rows = co_await needs_.tables.get_many<Pair>(std::move(keys));
  std::vector<AccountId> friends;
  for (std::size_t i = 0; i < between.size(); ++i) {
    auto const& first = rows[2 * i];
    auto const& second = rows[2 * i + 1];
    if (first && first->friend_ && second && second->friend_) friends.push_back(between[i]);
  }
  co_return friends;
}

Task<bool> Graph::has_common_friend(AccountId one, AccountId other) {
  FriendSet const mine = co_await friends_.of(one);
  FriendSet const theirs = co_await friends_.of(other);
  auto candidates = common(*mine, *theirs, confirmed_at_most);
  auto const friends = co_await confirmed(one, other, std::move(candidates));
  co_return !friends.empty();
}

Task<MutualList> Graph::mutuals(Call call, MutualsRequest request) {
  MutualList list;
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, confirmed_at_most);
  FriendSet const mine = co_await friends_.of(call.viewer);
  for (AccountId const other : request.others) {
    FriendSet const theirs = co_await friends_.of(other);
    auto both = common(*mine, *theirs, theirs->size());
    Mutual& mutual = list.mutuals.emplace_back();
    mutual.other = other;
    mutual.count = static_cast<std::uint32_t>(both.size());
    both.resize(std::min(both.size(), limit));
    mutual.people = co_await confirmed(call.viewer, other, std::move(both));
  }
  co_return list;
}

Task<MutualList> Graph::suggest(Call call, SuggestRequest request) {
  FriendSet const mine = co_await friends_.of(call.viewer);
  std::map<AccountId, std::vector<AccountId>> through;
  for (std::size_t i = 0; i < mine->size() && i < suggesting_friends; ++i) {
    FriendSet const theirs = co_await friends_.of((*mine)[i]);
    for (AccountId const person : *theirs)
      if (person != call.viewer && !std::ranges::binary_search(*mine, person)) through[person].push_back((*mine)[i]);
  }
  std::vector<std::pair<AccountId, std::vector<AccountId>>> ranked(through.begin(), through.end());
  // Ties by id, so that the same page comes twice.
  std::ranges::sort(ranked, [](auto const& a, auto const& b) {
    return a.second.size() != b.second.size() ? a.second.size() > b.second.size() : a.first < b.first;
  });
  std::size_t const limit = std::clamp<std::size_t>(request.limit, 1, 80);
  if (ranked.size() > limit * 2) ranked.resize(limit * 2);

  // Who is tied to the viewer in any way, or blocked, is no suggestion.
  Others others;
  for (auto const& [person, friends] : ranked) others.others.push_back(person);
  auto const known = co_await relationships(call, std::move(others));
  MutualList list;
  for (std::size_t i = 0; i < ranked.size() && list.mutuals.size() < limit; ++i) {
    Relationship const& tie = known.relationships[i];
    if (tie.friend_ || tie.following || tie.requested || tie.requested_by || tie.blocking || tie.blocked_by ||
        tie.muting)
      continue;
    auto& [person, friends] = ranked[i];
    Mutual mutual{.other = person, .people = {}, .count = static_cast<std::uint32_t>(friends.size())};
    if (friends.size() > shown_mutuals) friends.resize(shown_mutuals);
    mutual.people = std::move(friends);
    list.mutuals.push_back(std::move(mutual));
  }
  co_return list;
}

}  // namespace kith::graph
