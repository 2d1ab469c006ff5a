#include "ports/table/cassandra/cassandra.h"

#include "base/error.h"
#include "ports/table/cassandra/wide.h"

namespace kith {
namespace {

cassandra::Reach reach_of(CassandraOptions const& options) {
  if (options.nodes.empty())
    throw Error{Code::unavailable, "Wide tables are on Cassandra, but cassandra_servers names no server"};
  return {.nodes = options.nodes,
          .keyspace = options.keyspace,
          .datacenter = options.datacenter,
          .user = options.user,
          .password_file = options.password_file,
          .authority = options.authority,
          .deadline = options.deadline};
}

}  // namespace

std::vector<std::string> migrate_cassandra(CassandraOptions const& options, std::vector<Table> const& tables) {
  cassandra::Counts counts;
  cassandra::Session session(reach_of(options), counts);
  return expand(session, cassandra::Layout(options.keyspace, tables));
}

struct CassandraStore::Parts {
  Parts(Needs needs, CassandraOptions const& options, std::vector<Table> const& tables)
      : session(reach_of(options), counts), layout(options.keyspace, tables), wide({needs.clock, session, layout}) {
    expand(session, layout);
    layout.prepare(session);
  }

  cassandra::Counts counts;
  cassandra::Session session;
  cassandra::Layout layout;
  cassandra::CassandraWide wide;
};

CassandraStore::CassandraStore(Needs needs, CassandraOptions options, std::vector<Table> const& tables)
    : parts_(std::make_unique<Parts>(needs, options, tables)) {}
CassandraStore::~CassandraStore() = default;

Wide& CassandraStore::wide() { return parts_->wide; }

CassandraStats CassandraStore::stats() const {
  cassandra::Counts const& counts = parts_->counts;
  return {.reads = counts.reads,
          .writes = counts.writes,
          .statements = counts.statements,
          .retries = counts.retries,
          .failed = counts.failed,
          .refused = counts.refused,
          .read_seconds = static_cast<double>(counts.read_micros) / 1e6,
          .write_seconds = static_cast<double>(counts.write_micros) / 1e6,
          .under_way = counts.under_way};
}

}  // namespace kith
