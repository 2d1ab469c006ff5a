#pragma once

// Strict tables on PostgreSQL.

#include "ports/clock/clock.h"
#include "ports/table/postgres/cluster.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith::postgres {

class PostgresStrict final : public Strict {
 public:
  struct Needs {
    Clock& clock;
    Wide& wide;  // where what comes before a commit is put
    Cluster& cluster;
  };
  explicit PostgresStrict(Needs needs) : needs_(needs) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  bool apart() const override { return true; }
  Task<Scanned> scan(Range range) override;
  Task<Outcome> commit(Commit commit) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  Task<std::vector<Result>> read(std::size_t shard, std::vector<Query> queries) {
    return needs_.cluster.read(shard, std::move(queries));
  }

  Needs needs_;
};

}  // namespace kith::postgres
