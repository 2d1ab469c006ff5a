#pragma once

// Reads of RocksDB's files on a thread that must not wait for the disk. What the system has in memory is read at once:
// a hop to a thread that may wait costs more than the read. (Linux: preadv2 with RWF_NOWAIT.)

#include <rocksdb/file_system.h>

#include <memory>

namespace kith::rocks {

// While one lives, this thread's reads through files of `without_waiting` end as Status::Incomplete where they would
// wait, and when there are more of them than a loop has time for. Not across a suspension.
class NoWait {
 public:
  // A block is read and unpacked in some ten microseconds.
  static constexpr int reads_max = 64;

  NoWait();
  ~NoWait();
  NoWait(NoWait const&) = delete;

  // Whether any read ended so: then what was read is not whole.
  bool refused() const { return refused_; }
  void refuse() { refused_ = true; }
  // For one more, which it counts.
  bool has_time() {
    if (reads_left_ == 0) return false;
    --reads_left_;
    return true;
  }

 private:
  int reads_left_ = reads_max;
  bool refused_ = false;
};

// The files of `base`, which know NoWait. Those that are no files of the system's own are never read without waiting.
std::shared_ptr<rocksdb::FileSystem> without_waiting(std::shared_ptr<rocksdb::FileSystem> const& base,
                                                     bool of_the_system);

}  // namespace kith::rocks
