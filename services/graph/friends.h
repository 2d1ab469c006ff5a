#pragma once

// The friends of a person as a sorted set, kept in memory under the version of their tie counts. A
// set proposes, the pair rows decide: whoever is found here is confirmed by a pair row before it
// grants anything. Bounded in ids; any thread.

#include <boost/unordered/unordered_flat_map.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "ports/table/tables.h"
#include "services/graph/graph.kith.h"

namespace kith::graph {

using FriendSet = std::shared_ptr<std::vector<AccountId> const>;  // ascending

class Friends {
 public:
  explicit Friends(Tables& tables) : tables_(tables) {}

  Task<FriendSet> of(AccountId person);

 private:
  // 16 MiB; a person's 1,000 friends are 8 KiB.
  static constexpr std::size_t ids_max = std::size_t{2} << 20;
  // Nobody's friendships beyond this are looked through for mutual friends.
  static constexpr std::size_t friends_max = 100'000;
  struct Kept {
    Version version;
    FriendSet friends;
    std::list<AccountId>::iterator use;
  };

  FriendSet find(AccountId person, Version version);
  void keep(AccountId person, Version version, FriendSet friends);

  Tables& tables_;
  std::mutex mutex_;
  boost::unordered_flat_map<AccountId, Kept, std::hash<AccountId>> kept_;
  std::list<AccountId> uses_;  // the latest first
  std::size_t ids_ = 0;
};

// Those in both, at most so many.
std::vector<AccountId> common(std::vector<AccountId> const& one, std::vector<AccountId> const& other, std::size_t most);

}  // namespace kith::graph
