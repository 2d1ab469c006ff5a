#pragma once

// The events in RocksDB: one row each, keyed by an offset that grows by one in the order of the
// commit lane, so that a reader who has read up to an offset has missed nothing. Events that are
// not yet due lie apart, by due time, and get their offset when it comes.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/log/log.h"
#include "ports/table/rocksdb/lane.h"

namespace kith::rocks {

using Offset = std::uint64_t;

struct LoggedEvent {
  Offset offset = 0;
  Time appended = no_time;
  Event event;
};
using LoggedPtr = std::shared_ptr<LoggedEvent const>;

std::string encode_logged(Time appended, Event const& event);
LoggedEvent decode_logged(Offset offset, std::string_view bytes);

// Keys of the column family, by their first letter.
std::string event_key(Offset offset);                          // e
std::string due_key(Time due, EventId event);                  // d
std::string progress_key(std::string_view group);              // g
std::string aside_key(std::string_view group, EventId event);  // s
std::string aside_prefix(std::string_view group);

class Topic final : public EventWriter {
 public:
  // On the lane's thread after each batch with events: those that may be delivered, in order, and
  // whether some are due later.
  using Written = std::function<void(std::vector<LoggedPtr> events, Time next_due)>;

  explicit Topic(Db& db) : db_(db) {}
  // Before the lane starts. `at_least`: offsets that groups have already seen.
  void open(Offset at_least);
  void on_written(Written written) { on_written_ = std::move(written); }

  // Below it, every event is written and can be read.
  Offset next() const { return next_.load(std::memory_order_acquire); }

  // At most `limit` rows from this offset on; `upto`: everything below was read.
  std::vector<LoggedPtr> read(Offset from, std::size_t limit, Offset& upto) const;
  LoggedPtr read_one(Offset offset) const;
  // Events due by then, with their keys, and when the next one after them is due (no_time: none).
  std::vector<std::pair<std::string, Event>> due(Time now, std::size_t limit, Time& next_due) const;
  // The first offset of what was appended since.
  Offset first_since(Time since) const;
  // Forgets what is older than this and below this offset; never the newest event.
  void forget(Time older, Offset below);

  void add(rocksdb::WriteBatch& batch, Event const& event, Time now) override;
  void written() override;
  void failed() override;

 private:
  Db& db_;
  Written on_written_;
  std::atomic<Offset> next_{1};
  // The lane's, of the batch it is at.
  Offset given_ = 1;
  std::vector<LoggedPtr> batch_;
  Time batch_next_due_ = no_time;
};

}  // namespace kith::rocks
