#pragma once

// For tests: a database for keys on a real server, dropped after use.

#include <string>

#include "ports/secrets/postgres.h"
#include "ports/table/postgres/server.h"

namespace kith::contract {

class KeysDatabase {
 public:
  KeysDatabase() { server_.create(name_); }
  ~KeysDatabase() { server_.drop(name_); }
  KeysDatabase(KeysDatabase const&) = delete;

  // With the server's key in the folder, which is made.
  PostgresKeysOptions options(std::string const& folder) const;
  std::string ask(std::string const& sql) { return server_.ask(name_, sql); }

 private:
  static inline int made_ = 0;
  PostgresServer& server_ = PostgresServer::own();
  std::string name_ = "keys_" + std::to_string(++made_);
};

}  // namespace kith::contract
