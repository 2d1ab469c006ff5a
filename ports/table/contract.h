#pragma once

// The suites that prove an engine, and what they need of one. An engine joins by one line in
// engines() (contract_engines.cc); strict.h, wide.h and log.h are what it must keep.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "ports/clock/virtual_time.h"
#include "ports/log/log.h"
#include "ports/table/contract_tables.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith::contract {

// One store, empty when made and gone when destroyed; it can be closed and opened in between. The
// engines' coroutines run on the executor of the time they were made with.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual void open() = 0;
  // The log delivers from now on; groups have subscribed before.
  virtual void start() = 0;
  // A clean stop: everything acknowledged is there after the next open.
  virtual void close() = 0;
  // As if power was lost, instead of close. False: this engine cannot show that.
  virtual bool crash() { return false; }

  // Between open and close.
  virtual Strict& strict() = 0;
  virtual Wide& wide() = 0;
  virtual Log& log() = 0;
};

struct EngineKind {
  std::string name;
  // Threads of its own do its work, so virtual time must wait for them (VirtualTime's others_work).
  bool others_work = false;
  std::function<std::unique_ptr<Engine>(VirtualTime& time)> make;
};

std::vector<EngineKind> engines();
// Those, and the ones whose wide tables alone are their own.
std::vector<EngineKind> wide_engines();
// The first, and the ones that are a log alone: nobody asks them for tables.
std::vector<EngineKind> log_engines();

inline void PrintTo(EngineKind const& kind, std::ostream* out) { *out << kind.name; }
inline std::string name_of_engine(testing::TestParamInfo<EngineKind> const& kind) { return kind.param.name; }

// A test of one engine, opened.
class EngineTest : public testing::TestWithParam<EngineKind> {
 protected:
  EngineTest() : time(GetParam().others_work), engine(GetParam().make(time)) { engine->open(); }
  ~EngineTest() override { engine->close(); }

  template <class T>
  T run(Task<T> task) {
    return time.run(std::move(task));
  }
  void run(Task<void> task) { time.run(std::move(task)); }
  // The code of the Error the task throws; nothing when it does not.
  template <class T>
  std::optional<Code> refused(Task<T> task) {
    try {
      run(std::move(task));
      return std::nullopt;
    } catch (Error const& error) {
      return error.code;
    }
  }

  void reopen() {
    engine->close();
    time.forget();
    engine->open();
  }
  Strict& strict() { return engine->strict(); }
  Wide& wide() { return engine->wide(); }
  Log& log() { return engine->log(); }

  RowPtr get(RowKey key);
  // What the row holds; "missing" when it is not there.
  std::string read(RowKey key);
  // A commit with an operation id of its own.
  Commit commit();
  Counts counts(RowKey key);
  Outcome put(RowKey key, std::string text);  // whatever is there
  Outcome erase(RowKey key);
  std::vector<RawRow> walk(Table table, std::size_t limit = 7);

  VirtualTime time;
  std::unique_ptr<Engine> engine;
  OperationId operations = 0;
};

}  // namespace kith::contract
