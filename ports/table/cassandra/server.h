#pragma once

// For tests: a Cassandra of this test program's own, which ends with it.

#include <string>
#include <vector>

#include "ports/table/cassandra/cassandra.h"
#include "ports/table/contract_server.h"

namespace kith::contract {

class CassandraServer {
 public:
  // Whether it is installed here, or can be.
  static bool here();
  // The one of this program, started by the first who asks.
  static CassandraServer& own();

  // How to reach it and a keyspace that nobody else uses until it is given back; its tables may have been there
  // before, and are empty.
  CassandraOptions lend();
  void give_back(CassandraOptions const& options, std::vector<Table> const& tables);

  // How to reach it, and no keyspace.
  CassandraOptions options() const;
  // Who vouches for it; it speaks TLS on the same port.
  std::string const& tls_authority() const;
  // One definition, and one column of one question.
  void define(std::string const& statement);
  std::vector<std::string> ask(std::string const& statement);
  void crash() { server_.crash(); }

 private:
  CassandraServer() = default;

  OwnServer server_{"cassandra"};
  std::vector<std::string> free_;
  int made_ = 0;
};

}  // namespace kith::contract
