#pragma once

// Rows that decide: accounts, ties between people, post heads, grants, and the counts beside them.
// The rows of one partition lie sorted by key and change together or not at all; a partition is
// the only locality an engine promises, so every call names one. All strict tables of one service
// that share the partition key can change in one commit.
//
// The contract, proved for each engine by contract_test.cc:
//   - a commit that ended `done` survives power loss (unless it said that it need not) and is seen by every later
//     read of any process;
//   - its checks hold as if the commits of a partition had come one after another;
//   - its events reach the log at least once, never before the commit, a due one never early;
//   - rows that belong before it (`first`) are durable no later than the commit itself;
//   - a read sees every commit acknowledged before it began, never an expired row; an expired row
//     is absent for checks;
//   - Error unavailable: surely not applied. Error unknown: perhaps applied; repeat it with the same
//     operation id, and it is done once: `done` again when its rows stand.
// Every method may be called from any thread; a Task resumes on its awaiter's executor.

#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "ports/log/event.h"
#include "ports/table/row.h"

namespace kith {

// Holds when the row is there with exactly this version, or, without one, when it is absent.
struct RowCheck {
  RowKey key;
  std::optional<Version> version;
};

struct RowPut {
  RowKey key;
  std::string value;
  Time expires_at = no_time;
};

// Adds to a number field of a row of the partition, which is created with zeros when absent. Only
// beside another row that the commit checks and changes: by this row a repeat is known. Never itself
// a conflict.
struct RowAdd {
  RowKey key;
  std::uint32_t field = 0;
  std::int64_t delta = 0;
};

struct WidePut {
  RowKey key;
  std::string value;
  Version version = 0;
  Time expires_at = no_time;
};

struct Commit {
  OperationId operation = 0;  // never zero
  std::vector<WidePut> first;
  std::vector<RowCheck> checks;
  std::vector<RowPut> puts;
  std::vector<RowKey> erases;
  std::vector<RowAdd> adds;
  std::vector<Event> events;  // the engine sets no field of them
  bool may_be_lost = false;   // by a crash, within seconds of it: what nobody was told is done
  // What is derived from this, in other partitions of the service; checks, puts, erases and adds only. An engine that
  // keeps all partitions in one place makes each of them whose checks hold together with the commit, others make
  // none. Whether they did or not, whoever follows the events makes it so.
  std::vector<Commit> along = {};
};

struct Outcome {
  bool done = false;
  std::vector<Version> versions;   // done: of each put, then of each erase
  std::vector<std::int64_t> sums;  // done: the new number of each add
  std::vector<RowPtr> rows;        // conflict: of each check, the row as it is; null: absent
  bool along = false;              // done, and all that goes along was made
};

// Refuses what is beyond the limits of row.h (Error invalid); ends the process for a commit that no
// program should make: rows of two partitions, of wide tables, an add beside nothing that is checked.
void check_limits(Commit const& commit);

class Strict {
 public:
  virtual ~Strict() = default;

  // A missing row is a null pointer, at the place of its key. At most multi_get_max keys.
  virtual Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) = 0;
  // The rows that need no waiting (an exact cache held by the engine), or nothing where even one
  // would have to wait: the fast lane of `get`, without a coroutine. Same promises.
  virtual bool get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) {
    (void)keys, (void)rows;
    return false;
  }
  // Whether a read may wait for another machine: then those that need nothing of each other are asked side by side.
  virtual bool apart() const { return false; }
  virtual Task<Scanned> scan(Range range) = 0;
  virtual Task<Outcome> commit(Commit commit) = 0;

  // Walks every row of a table in any order, resumable, while it is written to: every row that
  // exists throughout comes at least once.
  virtual Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) = 0;
  // Rows and erases with their versions, from a move, restore or import: the newest version wins
  // (a tie: the erase, then the larger bytes); doubled and shuffled calls converge; erases are
  // remembered for 10 days. No checks, no events.
  virtual Task<void> apply(std::vector<RawRow> rows) = 0;
};

}  // namespace kith
