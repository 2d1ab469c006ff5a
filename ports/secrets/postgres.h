#pragma once

// Data keys on a PostgreSQL server, for several processes of one community: a database of their own, so that backups
// of the others hold none of them. Wrapped by the server's key, a file that each process has.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/random/random.h"
#include "ports/secrets/keys.h"
#include "ports/secrets/server_key.h"

namespace kith {

struct PostgresKeysOptions {
  std::string server;                         // as libpq reads it: postgresql://kith@db1/kith_keys?sslmode=verify-full
  std::string password_file;                  // read anew for each connection; empty: none
  std::chrono::milliseconds deadline{5'000};  // of a call, with its tries
  std::string server_key;                     // the file
};

struct PostgresKeysStats {
  std::uint64_t calls = 0, retries = 0, lost = 0, refused = 0;
  double seconds = 0;
  std::int64_t connections = 0;
};

// Makes what is missing in the database, as every start does. Tells what it made. Waits; throws Error{unavailable}
// with one sentence that names the setting to change.
std::vector<std::string> migrate_postgres_keys(PostgresKeysOptions const& options);

class PostgresKeys final : public Keys {
 public:
  struct Needs {
    Clock const& clock;
    Random& random;
    Workers& workers;
    // Unwrapped copies. Nobody tells the other processes of a destroyed key, so they have it for so long.
    std::size_t copies_max = 10'000;
    Duration copies_kept = std::chrono::minutes{1};
  };
  // Throws as migrate_postgres_keys does, and when the server's key is missing or another one.
  PostgresKeys(Needs needs, PostgresKeysOptions options);
  ~PostgresKeys() override;

  Task<void> create(AccountId owner) override;
  Task<void> create_many(std::vector<AccountId> owners) override;
  Task<DataKeyPtr> get(AccountId owner) override;
  bool apart() const override { return true; }
  Task<void> bring(std::vector<AccountId> owners) override;
  // Rewrites the part of the table in which it lay; other keys of that part are read after it.
  Task<void> destroy(AccountId owner) override;

  ServerKey const& server_key() const;
  PostgresKeysStats stats() const;

 private:
  class Store;
  std::unique_ptr<Store> store_;
};

}  // namespace kith
