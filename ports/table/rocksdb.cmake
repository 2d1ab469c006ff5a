# The embedded engine behind table and log: one RocksDB database holds both.
find_library(KITH_ROCKSDB rocksdb REQUIRED)
kith_library(kith_rocksdb
  SOURCES
    rocksdb.cc rocksdb_cache.cc rocksdb_chunks.cc rocksdb_codec.cc rocksdb_commit.cc rocksdb_db.cc rocksdb_files.cc rocksdb_get.cc
    rocksdb_lane.cc rocksdb_newest.cc rocksdb_ring.cc rocksdb_rings.cc rocksdb_rings_flush.cc rocksdb_strict.cc
    rocksdb_wide.cc ../log/rocksdb_delivery.cc ../log/rocksdb_group.cc ../log/rocksdb_log.cc
    ../log/rocksdb_log_thread.cc ../log/rocksdb_topic.cc
  DEPS kith_table kith_log kith_clock ${KITH_ROCKSDB})
kith_test(kith_rocksdb_test
  SOURCES rocksdb_cache_test.cc rocksdb_files_test.cc rocksdb_ring_test.cc rocksdb_power_test.cc rocksdb_store_test.cc
    ../log/rocksdb_log_test.cc
  DEPS kith_rocksdb kith_contract
  TIMEOUT 300)
