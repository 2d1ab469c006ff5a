#pragma once

// Wide tables that are spread (feeds): served from rings in memory, made durable by one journal
// record a call, put into chunks in the background, replayed from the journal after a crash. A
// table becomes one of them by its first `spread` and stays so; rows it had before are read from
// where they are.
//
// A record is written, then its entries go into the rings. A flush begins with the records all of
// whose entries are there, and deletes them when its chunks are on the disk. What is doubled by a
// crash in between is dropped on read: equal sort key, equal version.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "ports/table/rocksdb/chunks.h"
#include "ports/table/rocksdb/lane.h"
#include "ports/table/rocksdb/ring.h"

namespace kith::rocks {

class Rings {
 public:
  struct Needs {
    Db& db;
    Lane& lane;
    std::size_t bytes_max = 0;
    std::size_t dirty_max = 0;
  };
  explicit Rings(Needs needs) : needs_(needs) {}
  ~Rings() { stop(); }

  // Reads marks and journal; begins the background thread. Before anything else.
  void start();
  // Flushes what is left.
  void stop();

  // Whether writes of the table belong here, and whether reads do.
  bool takes(Table table) const { return find(table->number) != nullptr; }
  bool serves(Table table) const;

  // All entries are of one table, which is one of them from now on.
  Task<void> write(Table table, std::vector<JournalEntry> entries);
  Task<Scanned> scan(Range range);
  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys);
  RawPage walk(Table table, std::string const& cursor, std::size_t limit);

  // Puts all that is only in memory and journal into chunks.
  void flush();
  // And those of each partition together, as if one flush had written it.
  void put_together();
  RingTable::Counts counts() const;

 private:
  struct Spreading {
    RingTable rings;
    std::atomic<bool> marked = false;  // the mark is written, and all rows from before with it
  };

  Spreading* find(std::uint32_t table) const;
  Spreading& make(std::uint32_t table);
  std::vector<std::pair<std::uint32_t, RingTable*>> tables() const;
  Task<void> mark(Table table, Spreading& spreading);
  Task<void> answer(Spreading& table, RingTable::Query& query);
  void read_beyond(Spreading& table, RingTable::Query& query);
  void replay();
  std::uint64_t give_number();
  void arrived(std::uint64_t number);
  std::uint64_t all_arrived() const;

  // Flushing (rings_flush.cc).
  void loop();
  void flush(std::uint32_t number, RingTable& rings);
  void put_together(std::uint32_t number);
  // What so many flushes or more have left of one partition.
  void put_together(std::uint32_t number, std::uint64_t flush, std::string const& partition, std::size_t least);
  void write(rocksdb::WriteBatch& batch);
  void to_files();
  void put_chunks(std::uint32_t table, std::uint64_t flush, RingTable::Dirty& dirty, rocksdb::WriteBatch& batch);
  void nudge();

  Needs needs_;
  mutable std::mutex mutex_;  // of the list of tables, and of the thread's wake-ups
  std::map<std::uint32_t, std::unique_ptr<Spreading>> tables_;
  std::condition_variable wake_;
  std::thread thread_;
  bool stopping_ = false;
  bool nudged_ = false;
  std::mutex flushing_;
  std::uint64_t forgotten_ = 0;  // journal records, by the last flush
  mutable std::mutex numbers_;
  std::uint64_t given_ = 0;                // the last journal number
  std::set<std::uint64_t> on_the_way_;     // records whose entries are not yet in the rings
  std::atomic<std::uint64_t> written_{0};  // calls, to look at the bounds now and then
};

}  // namespace kith::rocks
