#pragma once

// Data keys in a small store of their own: DATA/keys, wrapped by the key in DATA/server.key.

#include <memory>
#include <string>

#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/random/random.h"
#include "ports/secrets/keys.h"
#include "ports/secrets/server_key.h"

namespace kith {

class StoredKeys final : public Keys {
 public:
  struct Needs {
    Clock const& clock;
    Random& random;
    Workers& workers;
    // Unwrapped copies: 10,000 are some 2 MB, and ten minutes are a visit.
    std::size_t copies_max = 10'000;
    Duration copies_kept = std::chrono::minutes{10};
    std::string server_key = {};  // the file; empty: `folder`/server.key
  };
  // Opens `folder`/keys and the server's key, and makes both at the first start. Throws one clear
  // sentence when the store has keys and the server's key is missing or another one.
  StoredKeys(std::string const& folder, Needs needs);
  ~StoredKeys() override;

  Task<void> create(AccountId owner) override;
  Task<void> create_many(std::vector<AccountId> owners) override;
  Task<DataKeyPtr> get(AccountId owner) override;
  Task<void> destroy(AccountId owner) override;

  ServerKey const& server_key() const;

 private:
  class Store;
  std::unique_ptr<Store> store_;
};

}  // namespace kith
