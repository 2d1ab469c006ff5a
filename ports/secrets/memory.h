#pragma once

// Data keys of one process, for tests and simulations.

#include <map>
#include <mutex>

#include "ports/random/random.h"
#include "ports/secrets/keys.h"

namespace kith {

class MemoryKeys final : public Keys {
 public:
  explicit MemoryKeys(Random& random) : random_(random) {}

  Task<void> create(AccountId owner) override;
  Task<DataKeyPtr> get(AccountId owner) override;
  Task<void> destroy(AccountId owner) override;

 private:
  Random& random_;
  std::mutex mutex_;
  std::map<AccountId, DataKeyPtr> keys_;  // null: destroyed
};

}  // namespace kith
