#pragma once

// A strict commit on its way through the lane.

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "ports/table/rocksdb/lane.h"
#include "ports/table/strict.h"

namespace kith::rocks {

class CommitJob final : public LaneJob {
 public:
  explicit CommitJob(Commit commit);

  // Reads the rows it is about as they are now.
  Task<void> look(Db& db, RowCache& cache, Lane const& lane);
  Verdict judge(Lane& lane) override;

  Outcome outcome;

 private:
  struct Place {
    JobRow row;
    RowState const* now = nullptr;  // while it is judged
  };

  std::size_t place_of(RowKey const& key, bool bytes);
  bool follow(Lane& lane);
  bool arrange(Lane& lane);
  bool holds(std::size_t check, Time now) const;
  bool repeated(Time now) const;
  bool refused(Time now);
  RowPtr as_it_is(Place const& place, Time now) const;
  void write(Lane& lane);

  Commit commit_;
  std::vector<Place> places_;  // each row once
  std::vector<std::uint32_t> firsts_, checks_, puts_, erases_, adds_;
  std::list<CommitJob> along_;
  std::uint64_t generation_ = 0;
};

}  // namespace kith::rocks
