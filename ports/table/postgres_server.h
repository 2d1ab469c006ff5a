#pragma once

// For tests: a PostgreSQL of this test program's own, which ends with it.

#include <memory>
#include <string>

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
  ~PostgresServer();

  std::string const& address() const { return address_; }  // of its database `kith`, for the user kith
  std::string const& password_file() const { return password_file_; }
  std::string port() const;
  std::string database(std::string const& name) const;  // the same, of another database
  void create(std::string const& name);
  void drop(std::string const& name);
  PostgresSession session(std::string const& database);
  std::string ask(std::string const& database, std::string const& sql) { return session(database).ask(sql); }
  // Ends without putting anything in order, as if it was killed, and starts again.
  void crash();

 private:
  PostgresServer();

  std::string folder_, address_, password_file_;
  int input_ = -1;
  int process_ = -1;
};

}  // namespace kith::contract
