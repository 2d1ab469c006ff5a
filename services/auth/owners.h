#pragma once

// Whose each grant is, as far as it was met. That never changes, so where tables are apart the account is asked for
// beside its grant, in one journey. To be remembered here allows nothing: both rows are read for every request.

#include <mutex>

#include "base/id.h"
#include "base/recent.h"
#include "services/auth/auth.kith.h"

namespace kith::auth {

class Owners {
 public:
  // Zero: not met. Any thread, as note.
  AccountId of(GrantId grant) {
    std::lock_guard const lock(mutex_);
    auto const* met = met_.find(grant);
    return met == nullptr ? AccountId{} : *met;
  }
  void note(GrantId grant, AccountId account) {
    std::lock_guard const lock(mutex_);
    met_.put(grant, account);
  }

 private:
  std::mutex mutex_;
  Recent<GrantId, AccountId> met_{50'000};  // some 5 MB
};

}  // namespace kith::auth
