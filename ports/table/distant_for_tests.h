#pragma once

// Engines of tables as if they were on another machine: every read takes `journey`; those that are begun together take
// it together.

#include <string>
#include <utility>
#include <vector>

#include "ports/clock/virtual_time.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith {

// Returns what `read` does, when it has come all the way.
template <class T>
Task<T> from_afar(VirtualTime& time, Duration journey, Task<T> read) {
  if (journey > Duration::zero()) co_await time.sleep(journey);
  co_return co_await std::move(read);
}

class DistantStrict final : public Strict {
 public:
  DistantStrict(Strict& strict, VirtualTime& time, Duration journey)
      : strict_(strict), time_(time), journey_(journey) {}
  bool apart() const override { return true; }
  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override {
    return from_afar(time_, journey_, strict_.get(std::move(keys)));
  }
  Task<Scanned> scan(Range range) override { return from_afar(time_, journey_, strict_.scan(std::move(range))); }
  Task<Outcome> commit(Commit commit) override { return strict_.commit(std::move(commit)); }
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override {
    return strict_.scan_all(table, std::move(cursor), limit);
  }
  Task<void> apply(std::vector<RawRow> rows) override { return strict_.apply(std::move(rows)); }

 private:
  Strict& strict_;
  VirtualTime& time_;
  Duration journey_;
};

class DistantWide final : public Wide {
 public:
  DistantWide(Wide& wide, VirtualTime& time, Duration journey) : wide_(wide), time_(time), journey_(journey) {}
  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override {
    return from_afar(time_, journey_, wide_.get(std::move(keys)));
  }
  Task<Scanned> scan(Range range) override { return from_afar(time_, journey_, wide_.scan(std::move(range))); }
  Task<void> put(std::vector<WidePut> rows) override { return wide_.put(std::move(rows)); }
  Task<void> erase(std::vector<WideErase> rows) override { return wide_.erase(std::move(rows)); }
  Task<void> spread(Spread spread) override { return wide_.spread(std::move(spread)); }
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override {
    return wide_.scan_all(table, std::move(cursor), limit);
  }
  Task<void> apply(std::vector<RawRow> rows) override { return wide_.apply(std::move(rows)); }

 private:
  Wide& wide_;
  VirtualTime& time_;
  Duration journey_;
};

}  // namespace kith
