#include "ports/table/cassandra/server.h"

#include <stdexcept>

#include "ports/table/cassandra/layout.h"

namespace kith::contract {
namespace {

cassandra::Reach reach_of(CassandraOptions const& options) {
  return {.nodes = options.nodes,
          .keyspace = options.keyspace,
          .datacenter = {},
          .user = options.user,
          .password_file = options.password_file,
          .authority = {},
          .deadline = options.deadline};
}

}  // namespace

bool CassandraServer::here() { return engine_is_tried({"/usr/share/maven"}); }

CassandraServer& CassandraServer::own() {
  static CassandraServer server;
  return server;
}

CassandraOptions CassandraServer::options() const {
  CassandraOptions options{.nodes = {server_.said("CASSANDRA")}, .keyspace = "none"};
  options.user = server_.said("CASSANDRA_USER");
  options.password_file = server_.said("CASSANDRA_PASSWORD_FILE");
  options.deadline = std::chrono::seconds{60};  // on a busy machine, too
  return options;
}

std::string const& CassandraServer::tls_authority() const { return server_.said("CASSANDRA_TLS_AUTHORITY"); }

CassandraOptions CassandraServer::lend() {
  CassandraOptions options = this->options();
  if (free_.empty()) {
    options.keyspace = "kith_" + std::to_string(++made_);
    define("CREATE KEYSPACE " + options.keyspace +
           " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  } else {
    options.keyspace = free_.back();
    free_.pop_back();
  }
  return options;
}

void CassandraServer::give_back(CassandraOptions const& options, std::vector<Table> const& tables) {
  cassandra::Counts counts;
  cassandra::Session session(reach_of(options), counts);
  cassandra::Layout const layout(options.keyspace, tables);
  for (auto const& [number, table] : layout.all()) {
    std::string const truncate = "TRUNCATE " + layout.named(table.name);
    auto failed = session.define(truncate);
    if (!failed && table.buckets) failed = session.define(truncate + "_buckets");
    if (failed) throw std::runtime_error(truncate + ": " + *failed);
  }
  free_.push_back(options.keyspace);
}

void CassandraServer::define(std::string const& statement) {
  cassandra::Counts counts;
  cassandra::Session session(reach_of(options()), counts);
  if (auto const failed = session.define(statement)) throw std::runtime_error(statement + ": " + *failed);
}

std::vector<std::string> CassandraServer::ask(std::string const& statement) {
  cassandra::Counts counts;
  cassandra::Session session(reach_of(options()), counts);
  auto answer = session.ask_and_wait({.statement = session.prepare(statement), .values = {}});
  std::vector<std::string> cells;
  while (answer.next()) cells.emplace_back(answer.cell());
  return cells;
}

}  // namespace kith::contract
