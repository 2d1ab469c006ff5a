#pragma once

// Wide tables on Cassandra or ScyllaDB: an engine for a community that has outgrown one machine. A table whose
// partitions could grow without bound is cut into buckets, as its description says, and lists which exist.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ports/clock/clock.h"
#include "ports/table/wide.h"

namespace kith {

struct CassandraOptions {
  std::vector<std::string> nodes;             // HOST:PORT of some of them; the others are found
  std::string keyspace = "kith";              // exists already, with the replication its operator wants
  std::string datacenter = {};                // where quorums are; empty: there is but one
  std::string user = {};                      // empty: no password is asked for
  std::string password_file = {};             // read anew for each connection
  std::string authority = {};                 // a file with certificates that servers are judged by; empty: no TLS
  std::chrono::milliseconds deadline{5'000};  // of a call, with its tries
};

struct CassandraStats {
  std::uint64_t reads = 0, writes = 0, statements = 0, retries = 0, failed = 0, refused = 0;
  double read_seconds = 0, write_seconds = 0;
  std::int64_t under_way = 0;
};

// Makes what these tables need, as every start does. Tells what it made, a line each. Waits. Throws
// Error{unavailable} with the sentence for people, which names the setting to change.
std::vector<std::string> migrate_cassandra(CassandraOptions const& options, std::vector<Table> const& tables);

class CassandraStore {
 public:
  struct Needs {
    Clock& clock;
  };
  // Makes what is missing for these tables, of which it takes the wide ones. Throws Error{unavailable} with the
  // sentence for people, which names the setting to change.
  CassandraStore(Needs needs, CassandraOptions options, std::vector<Table> const& tables);
  // Stops; nothing of it may be awaited any more.
  ~CassandraStore();

  Wide& wide();
  CassandraStats stats() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
