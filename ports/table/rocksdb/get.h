#pragma once

// Rows by key: from the cache, then from RocksDB's memory on this thread, then by one hop.

#include "ports/table/rocksdb/cache.h"
#include "ports/table/rocksdb/db.h"

namespace kith::rocks {

// Parsed and in the order of the keys; null: missing, erased or expired.
Task<std::vector<RowPtr>> get_rows(Db& db, RowCache& cache, std::vector<RowKey> keys);

// False where even one row is not in the cache.
bool get_cached(Db& db, RowCache& cache, std::span<RowKey const> keys, std::vector<RowPtr>& rows);

}  // namespace kith::rocks
