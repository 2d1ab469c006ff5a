#include "ports/secrets/key_cache.h"

#include <sodium.h>

namespace kith {

DataKeyPtr wiped_after_use(DataKey const& key) {
  return {new DataKey(key), [](DataKey* used) {
            sodium_memzero(used->data(), used->size());
            delete used;
          }};
}

DataKeyPtr KeyCache::get(AccountId owner) {
  std::lock_guard const lock(mutex_);
  auto const found = places_.find(owner);
  if (found == places_.end()) return nullptr;
  if (found->second->ends <= clock_.monotonic_coarse()) {
    copies_.erase(found->second);
    places_.erase(found);
    return nullptr;
  }
  copies_.splice(copies_.begin(), copies_, found->second);
  return found->second->key;
}

std::uint64_t KeyCache::ticket() {
  std::lock_guard const lock(mutex_);
  return forgotten_;
}

void KeyCache::put(AccountId owner, DataKeyPtr key, std::uint64_t ticket) {
  std::lock_guard const lock(mutex_);
  if (ticket != forgotten_ || places_.contains(owner)) return;
  copies_.push_front({owner, std::move(key), clock_.monotonic_coarse() + kept_});
  places_.emplace(owner, copies_.begin());
  // The end of time takes also those that nobody asks for any more: two steps a put empty the list.
  for (int steps = 0; steps < 2 && !copies_.empty(); ++steps) {
    bool const over = copies_.size() > max_ || copies_.back().ends <= clock_.monotonic_coarse();
    if (!over) break;
    places_.erase(copies_.back().owner);
    copies_.pop_back();
  }
}

void KeyCache::forget(AccountId owner) {
  std::lock_guard const lock(mutex_);
  ++forgotten_;
  if (auto const found = places_.find(owner); found != places_.end()) {
    copies_.erase(found->second);
    places_.erase(found);
  }
}

}  // namespace kith
