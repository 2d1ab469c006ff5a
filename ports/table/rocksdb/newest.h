#pragma once

// Rows with the versions of their makers on their way through the lane: the newest version wins.
// Wide puts and erases, and `apply` of both classes.

#include <functional>
#include <utility>
#include <vector>

#include "ports/table/rocksdb/lane.h"

namespace kith::rocks {

class NewestJob final : public LaneJob {
 public:
  // `moved`: whether the rows of a table lie elsewhere by now (they are spread).
  explicit NewestJob(std::function<bool(Table)> moved = {}) : moved_(std::move(moved)) { synced = false; }
  void add(RowKey key, RowState state);
  bool empty() const { return rows_.empty(); }
  // Instead of passing; the job is as it was.
  bool moved() const { return was_moved_; }
  std::vector<std::pair<RowKey, RowState>> take();

  Task<void> look(Db& db, RowCache& cache, Lane const& lane);
  Verdict judge(Lane& lane) override;

 private:
  struct Wanted {
    JobRow row;
    RowState state;
  };
  std::function<bool(Table)> moved_;
  bool was_moved_ = false;
  std::vector<Wanted> rows_;
  std::uint64_t generation_ = 0;
};

// Writes what wins; returns when it stands.
Task<void> write_newest(Db& db, RowCache& cache, Lane& lane, NewestJob& job);

// A job of one's own making, for what knows no stale reads.
class PlainJob final : public LaneJob {
 public:
  explicit PlainJob(std::move_only_function<void(Lane&)> act, bool sync) : act_(std::move(act)) { synced = sync; }
  Verdict judge(Lane& lane) override {
    act_(lane);
    return Verdict::changes;
  }

 private:
  std::move_only_function<void(Lane&)> act_;
};

}  // namespace kith::rocks
