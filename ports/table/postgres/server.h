#pragma once

// For tests: a PostgreSQL of this test program's own, which ends with it.

#include <memory>
#include <string>

#include "ports/table/contract_server.h"

struct pg_conn;

namespace kith::contract {

// One connection, by hand.
class PostgresSession {
 public:
  PostgresSession(std::string const& address, std::string const& password);
  // One statement; the first cell of its answer, if there is one.
  std::string ask(std::string const& sql);

 private:
  std::shared_ptr<pg_conn> connected_;
};

class PostgresServer {
 public:
  // Whether it is installed here, or can be.
  static bool here();
  // The one of this program, started by the first who asks.
  static PostgresServer& own();

  std::string const& address() const { return server_.said("POSTGRES"); }  // of its database `kith`, for the user kith
  // The same by TLS, where this authority must vouch for the server.
  static std::string by_tls(std::string const& address, std::string const& authority);
  std::string const& tls_authority() const { return server_.said("POSTGRES_TLS_AUTHORITY"); }
  std::string const& password_file() const { return server_.said("POSTGRES_PASSWORD_FILE"); }
  std::string port() const;
  std::string database(std::string const& name) const;  // the same, of another database
  void create(std::string const& name);
  void drop(std::string const& name);
  PostgresSession session(std::string const& database);
  std::string ask(std::string const& database, std::string const& sql) { return session(database).ask(sql); }
  // Ends without putting anything in order, as if it was killed, and starts again.
  void crash() { server_.crash(); }

 private:
  PostgresServer() = default;

  OwnServer server_{"postgres"};
};

}  // namespace kith::contract
