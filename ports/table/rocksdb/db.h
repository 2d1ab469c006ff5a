#pragma once

// The open database, as the parts of the engine share it.

#include <rocksdb/db.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/table/rocksdb/codec.h"
#include "ports/table/rocksdb/files.h"

namespace kith::rocks {

struct Db {
  Clock& clock;
  Workers& workers;
  rocksdb::DB* db = nullptr;
  rocksdb::ColumnFamilyHandle* rows = nullptr;   // strict and wide rows
  rocksdb::ColumnFamilyHandle* log = nullptr;    // topic, due events, progress of groups
  rocksdb::ColumnFamilyHandle* feeds = nullptr;  // what is spread: journal and chunks

  // Runs `work`, which reads, on this thread while memory, ours or the system's, has what it reads; else it pays the
  // hop to a thread that may wait for the disk, and begins again there.
  template <class Work>
  Task<void> read(Work work) {
    if (!read_at_once(work))
      co_await workers.run(std::move(work));
    else if (others_are_due())
      co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
  }

 private:
  // Whether it was not refused, and all is read.
  template <class Work>
  static bool read_at_once(Work& work) {
    NoWait at_once;
    try {
      work();
    } catch (Error const&) {
      if (!at_once.refused()) throw;
    }
    return !at_once.refused();
  }
  // Who never waits never lets others run: a walk over everything would keep its loop for minutes.
  static bool others_are_due() {
    static constexpr unsigned reads_in_a_row = 128;
    static thread_local unsigned reads = 0;
    return ++reads % reads_in_a_row == 0;
  }
};

Error failed(char const* verb, rocksdb::Status const& status);

// The smallest key beyond all that begin so.
std::string beyond(std::string prefix);

// In the order of the keys.
Task<std::vector<RowState>> read_states(Db& db, std::vector<std::string> keys);

// The living rows of a range. The first waits for the disk where it must, on the thread that asks.
Scanned scan_rows_now(Db& db, Range const& range);
Task<Scanned> scan_rows(Db& db, Range range);

// One step of a walk over a table, on a thread that may wait. The cursor is the last row's place.
RawPage walk_rows(Db& db, Table table, std::string const& cursor, std::size_t limit);

// What both classes refuse alike.
void check_class(Table table, TableClass table_class);
void check_count(std::size_t count, std::size_t most, char const* what);
// Truth is synced before the answer; what is derived rides on the next sync.
inline bool is_truth(Table table) { return table->derived_from.empty(); }

}  // namespace kith::rocks
