#pragma once

// The data keys that seal people's content, one an account, in a store of their own that ordinary
// backups leave out. Destroying a key turns everything sealed with it dark, wherever copies lie.

#include <array>
#include <memory>

#include "base/task.h"
#include "ports/rpc/call.h"

namespace kith {

using DataKey = std::array<unsigned char, 32>;
using DataKeyPtr = std::shared_ptr<DataKey const>;

// The contract, proved by contract_test.cc: a key that `create` returned survives power loss; a key
// destroyed never comes back, not even by `create`; stored keys are wrapped by the server's key.
class Keys {
 public:
  virtual ~Keys() = default;

  // Makes the account's key if it has none; does nothing when there is one or was one.
  virtual Task<void> create(AccountId owner) = 0;
  // Null when there is none (any more). Short-lived copies in memory, bounded.
  virtual Task<DataKeyPtr> get(AccountId owner) = 0;
  virtual Task<void> destroy(AccountId owner) = 0;
};

}  // namespace kith
