#pragma once

// Copies of data keys in memory: so many, for so long, and wiped when the last user lets go.

#include <list>
#include <mutex>
#include <unordered_map>

#include "ports/clock/clock.h"
#include "ports/secrets/keys.h"

namespace kith {

DataKeyPtr wiped_after_use(DataKey const& key);

class KeyCache {
 public:
  KeyCache(Clock const& clock, std::size_t keys_max, Duration kept) : clock_(clock), max_(keys_max), kept_(kept) {}

  DataKeyPtr get(AccountId owner);
  // Taken before the store is read: what was forgotten since is not put back.
  std::uint64_t ticket();
  void put(AccountId owner, DataKeyPtr key, std::uint64_t ticket);
  void forget(AccountId owner);

 private:
  struct Copy {
    AccountId owner;
    DataKeyPtr key;
    Duration ends;
  };
  std::mutex mutex_;
  Clock const& clock_;
  std::size_t const max_;
  Duration const kept_;
  std::uint64_t forgotten_ = 0;
  std::list<Copy> copies_;  // last used first
  std::unordered_map<AccountId, std::list<Copy>::iterator> places_;
};

}  // namespace kith
