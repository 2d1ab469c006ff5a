#pragma once

// The data keys that seal people's content, one an account, in a store of their own that ordinary
// backups leave out. Destroying a key turns everything sealed with it dark, wherever copies lie.

#include <array>
#include <memory>
#include <vector>

#include "base/task.h"
#include "ports/rpc/call.h"

namespace kith {

using DataKey = std::array<unsigned char, 32>;
using DataKeyPtr = std::shared_ptr<DataKey const>;

inline constexpr std::size_t key_batch_max = 1000;

// The contract, proved by contract_test.cc: a key that `create` returned survives power loss; a key
// destroyed never comes back, not even by `create`; stored keys are wrapped by the server's key.
class Keys {
 public:
  virtual ~Keys() = default;

  // Makes the account's key if it has none; does nothing when there is one or was one.
  virtual Task<void> create(AccountId owner) = 0;
  // The same for many at the price of one, for imports; at most key_batch_max.
  virtual Task<void> create_many(std::vector<AccountId> owners) {
    for (AccountId const owner : owners) co_await create(owner);
  }
  // Null when there is none (any more). Short-lived copies in memory, bounded.
  virtual Task<DataKeyPtr> get(AccountId owner) = 0;
  // Whether a key that is not in memory is a journey; and those that will be asked for next, brought by one.
  virtual bool apart() const { return false; }
  virtual Task<void> bring(std::vector<AccountId>) { co_return; }
  // Of ordinary backups this is what makes the account's content unreadable: afterwards the key is in
  // no file of the store either.
  virtual Task<void> destroy(AccountId owner) = 0;
};

}  // namespace kith
