#include "ports/secrets/memory.h"

#include "ports/secrets/key_cache.h"

namespace kith {

Task<void> MemoryKeys::create(AccountId owner) {
  std::lock_guard const lock(mutex_);
  if (keys_.contains(owner)) co_return;
  DataKey key;
  random_.fill(key);
  keys_.emplace(owner, wiped_after_use(key));
}

Task<DataKeyPtr> MemoryKeys::get(AccountId owner) {
  std::lock_guard const lock(mutex_);
  auto const found = keys_.find(owner);
  co_return found == keys_.end() ? nullptr : found->second;
}

Task<void> MemoryKeys::destroy(AccountId owner) {
  std::lock_guard const lock(mutex_);
  keys_.insert_or_assign(owner, nullptr);
  co_return;
}

}  // namespace kith
