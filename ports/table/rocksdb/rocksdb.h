#pragma once

// The embedded engine: strict and wide tables and the log in one RocksDB database, FOLDER/db, which
// one process has open at a time. Nothing to install, nothing to run.
//
// A write is acknowledged when it would survive power loss. While the disk is nearly full, writes
// are refused (Error unavailable) and reads go on; writing begins again when there is room.

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/log/log.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace rocksdb {
class Env;
}

namespace kith {

struct RocksOptions {
  std::filesystem::path folder;              // made when it is not there
  std::size_t row_cache_bytes = 64 << 20;    // parsed rows: 200,000 of ordinary size
  std::size_t block_cache_bytes = 16 << 20;  // blocks of the files, beside the system's own cache
  std::size_t memtable_bytes = 24 << 20;     // of all column families together
  std::size_t ring_bytes = 32 << 20;         // feeds in memory: some 15,000 that are read
  // What a start after a crash reads back, in 0.45 us of CPU an entry: 0.2 s of these, 0.7 s of the 2 M it was
  // once. In 100,000 feeds, where a flush then finds 5 new entries a feed, an entry with all work behind it costs
  // 1.9 us, where 2 M made it 1.6 us; in 10,000 feeds no difference is seen.
  std::size_t ring_entries_dirty_max = 500'000;
  std::uint64_t free_bytes_min = 32 << 20;  // room for what is already acknowledged to be put in order
  // Between the tries of a handler that throws, twice as long each time: set aside after 25 s.
  Duration retry_pause = std::chrono::milliseconds{200};
  // While events wait for their time, the clock is asked this often: tests let it jump.
  Duration clock_look = std::chrono::milliseconds{200};
  rocksdb::Env* env = nullptr;  // tests: a disk that loses power or is full
};

struct RocksStats {
  std::size_t row_cache_bytes = 0, row_cache_rows = 0;
  std::uint64_t row_cache_hits = 0, row_cache_misses = 0;
  std::size_t block_cache_bytes = 0, memtable_bytes = 0;
  std::uint64_t batches = 0, jobs = 0, syncs = 0, jobs_waiting = 0;
  std::size_t ring_bytes = 0, rings = 0, ring_entries_dirty = 0;
  std::uint64_t disk_bytes = 0;
  bool refusing = false;  // writes are refused: the disk is full or failed
};

class RocksStore {
 public:
  struct Needs {
    Clock& clock;
    Workers& workers;  // for reads that must wait for the disk
  };
  // Throws Error{unavailable} with the sentence for people: the folder is in use, is of a newer
  // version, cannot be read.
  RocksStore(Needs needs, RocksOptions options);
  // Stops; nothing of it may be awaited any more.
  ~RocksStore();

  Strict& strict();
  Wide& wide();
  Log& log();

  // Delivers events from now on, by turns on these executors; groups have subscribed before.
  void start(std::vector<boost::asio::any_io_executor> executors);
  // Begins no handler any more and waits for those in progress; reads and writes go on.
  Task<void> stop_delivery();

  // Returns when all that was written before would survive power loss, derived rows too: for a log elsewhere, which
  // must not remember an acknowledgement longer than what was acknowledged.
  Task<void> settle();

  // For tools; on a thread that may wait.
  void compact();                                          // everything to its final place on the disk
  void checkpoint(std::filesystem::path const& to) const;  // a consistent copy, in a folder that is not there yet
  RocksStats stats() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
