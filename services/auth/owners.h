#pragma once

// Whose each grant is, as far as it was met. That never changes, so where tables are apart the account is asked for
// beside its grant, in one journey. To be remembered here allows nothing: both rows are read for every request.

#include <cstddef>
#include <mutex>
#include <unordered_map>

#include "base/id.h"
#include "services/auth/auth.kith.h"

namespace kith::auth {

class Owners {
 public:
  static constexpr std::size_t met_max = 100'000;  // some 5 MB; beyond, all are met anew

  // Zero: not met. Any thread, as note.
  AccountId of(GrantId grant) const {
    std::lock_guard const lock(mutex_);
    auto const met = met_.find(grant);
    return met == met_.end() ? AccountId{} : met->second;
  }
  void note(GrantId grant, AccountId account) {
    std::lock_guard const lock(mutex_);
    if (met_.size() >= met_max) met_.clear();
    met_.emplace(grant, account);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<GrantId, AccountId> met_;
};

}  // namespace kith::auth
