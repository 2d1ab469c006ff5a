#pragma once

// The one writer: a thread that takes all jobs that wait, judges them in order, writes what they
// change in one batch (synced once, if one of them is truth), publishes it to the row cache and the
// log, and wakes each waiting executor once.
//
// It never reads the disk. A job brings the rows as they were when it read them, with the generation
// it read them in; what changed since stands in `recent`, which remembers the changes of the last
// two generations (one to two seconds). A job that waited longer is `stale`: it reads again.

#include <rocksdb/write_batch.h>

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ports/log/event.h"
#include "ports/table/rocksdb/cache.h"
#include "ports/table/rocksdb/db.h"
#include "ports/table/rocksdb/park.h"

namespace kith::rocks {

class Lane;

// A row that a job is about.
struct JobRow {
  RowKey key;
  std::string encoded;
  RowState seen = {};  // as it was read
  RowPtr parsed = {};  // as the cache has it
  bool bytes = false;  // its value is needed, not only its version

  // False: the cache does not know it.
  bool find(RowCache& cache);
};
// Reads those rows, which the cache does not know.
Task<void> read(Db& db, std::vector<JobRow*> rows);

class LaneJob {
 public:
  enum class Verdict { changes, nothing, stale };

  virtual ~LaneJob() = default;
  // On the lane's thread. Decides everything before it writes anything.
  virtual Verdict judge(Lane& lane) = 0;

  // Whether its changes must be on the disk before the answer.
  bool synced = true;

 private:
  friend class Lane;
  enum class End { done, stale, unavailable, unknown };
  Parked parked_;
  Verdict verdict_ = Verdict::nothing;
  End end_ = End::done;
  std::string why_;
  std::exception_ptr failure_;
};

// Where the events of a batch go; called on the lane's thread only.
class EventWriter {
 public:
  virtual ~EventWriter() = default;
  virtual void add(rocksdb::WriteBatch& batch, Event const& event, Time now) = 0;
  virtual void written() = 0;
  virtual void failed() = 0;
};

class Lane {
 public:
  struct Needs {
    Db& db;
    RowCache& cache;
    std::string folder;
    std::uint64_t free_bytes_min = 0;  // with less free space nothing is written any more
  };
  struct Counts {
    std::uint64_t batches = 0;
    std::uint64_t jobs = 0;
    std::uint64_t syncs = 0;
    std::uint64_t waiting = 0;
  };

  explicit Lane(Needs needs) : needs_(std::move(needs)) {}
  ~Lane() { stop(); }
  void start(EventWriter& events);
  // Does what waits, then ends; later jobs are refused.
  void stop();

  // To be remembered before the rows of a job are read.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  // True: judged, and what it changed is written. False: stale. Throws Error{unavailable}: surely not
  // written; Error{unknown}: perhaps.
  Task<bool> pass(LaneJob& job);

  // For jobs, while they are judged.
  Time now() const { return now_; }
  bool fresh(std::uint64_t generation) const { return generation + 1 >= this->generation(); }
  // The row as the last judged job left it, or nothing if that was long ago.
  RowState const* recent(std::string const& encoded) const;
  void write(RowKey key, std::string encoded, RowState state);
  void append(Event const& event) { events_->add(batch_, event, now_); }
  rocksdb::WriteBatch& batch() { return batch_; }  // for other column families than rows

  Counts counts() const;
  // As it was found at the last job: the disk is full, or the database failed.
  bool refusing() const { return refusing_.load(std::memory_order_relaxed); }

 private:
  struct Change {
    RowKey key;
    std::string encoded;
    RowState state;
  };
  using ChangePtr = std::shared_ptr<Change const>;
  using Recent = boost::unordered_flat_map<std::string_view, ChangePtr>;

  void submit(LaneJob& job);
  void loop();
  void serve(std::vector<LaneJob*> const& jobs);
  void judge(std::vector<LaneJob*> const& jobs, bool& sync);
  bool superseded(Change const& change) const;
  void publish();
  void give_up(std::vector<LaneJob*> const& jobs, rocksdb::Status const& status);
  void wake(std::vector<LaneJob*> const& jobs);
  void next_generation();
  bool refuses();

  Needs needs_;
  EventWriter* events_ = nullptr;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<LaneJob*> waiting_;
  bool idle_ = false;
  std::size_t wanted_ = 0;  // so many jobs are waited for, a little
  bool stopping_ = true;
  Counts counts_;

  // The thread's own.
  Time now_ = no_time;
  rocksdb::WriteBatch batch_;
  std::vector<ChangePtr> changes_;
  Recent recent_;
  Recent before_;
  std::atomic<std::uint64_t> generation_{2};
  Duration generation_began_{};
  bool failed_ = false;
  Duration looked_at_disk_{};
  std::string refusal_;
  std::atomic<bool> refusing_ = false;
};

}  // namespace kith::rocks
