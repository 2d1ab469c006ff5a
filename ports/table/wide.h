#pragma once

// Rows that do not decide: content, written before the commit that names it, and what handlers
// derive: feeds, timelines, notifications. Each put stands for itself, idempotent, and the newest
// version wins. No checks, no events, no order between rows.
//
// The contract, proved for each engine by contract_test.cc: a put that returned is seen by every
// later read of any process; truth (content) is then durable; a derived row may be lost by a crash
// only together with the acknowledgement of the event it was derived from, which then comes again.
// Reads never show an expired row. Every method may be called from any thread.

#include <string>
#include <vector>

#include "base/task.h"
#include "ports/table/row.h"
#include "ports/table/strict.h"

namespace kith {

struct WideErase {
  RowKey key;
  Version version = 0;
};

// One row written to many partitions: the fan-out. At most spread_max partitions a call.
struct Spread {
  Table table = nullptr;
  std::string sort;
  std::string value;
  Version version = 0;
  Time expires_at = no_time;
  std::vector<std::string> partitions;
};

class Wide {
 public:
  virtual ~Wide() = default;

  // A missing row is a null pointer. At most multi_get_max keys.
  virtual Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) = 0;
  virtual Task<Scanned> scan(Range range) = 0;

  virtual Task<void> put(std::vector<WidePut> rows) = 0;      // at most 1,000
  virtual Task<void> erase(std::vector<WideErase> rows) = 0;  // at most 1,000; remembered for 10 days
  virtual Task<void> spread(Spread spread) = 0;

  // As in Strict.
  virtual Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) = 0;
  virtual Task<void> apply(std::vector<RawRow> rows) = 0;
};

}  // namespace kith
