#pragma once

// Strict tables on RocksDB: commits are judged by the lane, reads are served by the row cache.

#include "ports/table/rocksdb/rings.h"
#include "ports/table/strict.h"

namespace kith::rocks {

class RocksStrict final : public Strict {
 public:
  struct Needs {
    Db& db;
    RowCache& cache;
    Lane& lane;
    Rings& rings;
  };
  explicit RocksStrict(Needs needs) : needs_(needs) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  bool get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) override;
  Task<Scanned> scan(Range range) override;
  Task<Outcome> commit(Commit commit) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  Needs needs_;
};

}  // namespace kith::rocks
