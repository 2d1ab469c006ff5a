#include "services/graph/friends.h"

#include <algorithm>

namespace kith::graph {

Task<FriendSet> Friends::of(AccountId person) {
  auto const counts = co_await tables_.get<TieCounts>({person});
  if (FriendSet const kept = find(person, counts.version())) co_return kept;
  auto friends = std::make_shared<std::vector<AccountId>>();
  if (counts && counts->friends > 0) {
    std::string from = Tie::sort(TieKind::friend_);
    std::string const to = after(from);
    for (bool more = true; more && friends->size() < friends_max;) {
      Scan<Tie> const scan{.partition = {person}, .from = from, .to = to, .limit = scan_max};
      auto const page = co_await tables_.scan<Tie>(scan);
      for (auto const& tie : page) friends->push_back(tie->other);
      more = page.more;
      if (more) from = after(Tie::sort(TieKind::friend_, page.rows.back()->tie));
    }
    std::ranges::sort(*friends);
  }
  keep(person, counts.version(), friends);
  co_return friends;
}

FriendSet Friends::find(AccountId person, Version version) {
  std::lock_guard const lock(mutex_);
  auto const place = kept_.find(person);
  if (place == kept_.end() || place->second.version != version) return nullptr;
  uses_.splice(uses_.begin(), uses_, place->second.use);
  return place->second.friends;
}

void Friends::keep(AccountId person, Version version, FriendSet friends) {
  std::lock_guard const lock(mutex_);
  ids_ += friends->size() + 8;
  if (auto const place = kept_.find(person); place != kept_.end()) {
    ids_ -= place->second.friends->size() + 8;
    place->second.version = version;
    place->second.friends = std::move(friends);
    uses_.splice(uses_.begin(), uses_, place->second.use);
  } else {
    uses_.push_front(person);
    kept_.emplace(person, Kept{version, std::move(friends), uses_.begin()});
  }
  while (ids_ > ids_max && uses_.size() > 1) {
    auto const last = kept_.find(uses_.back());
    ids_ -= last->second.friends->size() + 8;
    kept_.erase(last);
    uses_.pop_back();
  }
}

std::vector<AccountId> common(std::vector<AccountId> const& one, std::vector<AccountId> const& other,
                              std::size_t most) {
  std::vector<AccountId> both;
  auto const& few = one.size() < other.size() ? one : other;
  auto const& many = one.size() < other.size() ? other : one;
  auto from = many.begin();
  for (AccountId const id : few) {
    if (both.size() >= most) break;
    from = std::lower_bound(from, many.end(), id);
    if (from == many.end()) break;
    if (*from == id) both.push_back(id);
  }
  return both;
}

}  // namespace kith::graph
