#pragma once

// Wide tables on RocksDB: rows where the newest version wins, written by the lane (content synced,
// derived rows with the next sync), and tables that are spread, in rings.

#include "ports/table/rocksdb/newest.h"
#include "ports/table/rocksdb/rings.h"
#include "ports/table/wide.h"

namespace kith::rocks {

class RocksWide final : public Wide {
 public:
  struct Needs {
    Db& db;
    RowCache& cache;
    Lane& lane;
    Rings& rings;
  };
  explicit RocksWide(Needs needs) : needs_(needs) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  Task<Scanned> scan(Range range) override;
  Task<void> put(std::vector<WidePut> rows) override;
  Task<void> erase(std::vector<WideErase> rows) override;
  Task<void> spread(Spread spread) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  using Rows = std::vector<std::pair<RowKey, RowState>>;
  Task<void> write(Rows rows);

  Needs needs_;
};

}  // namespace kith::rocks
