#pragma once

// One simulated server: a process that may die, on engines that fail, in virtual time. What a run
// does is decided by its seed alone.

#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>

#include "ports/clock/minter.h"
#include "ports/clock/virtual_time.h"
#include "ports/log/dispatch.h"
#include "ports/log/memory.h"
#include "ports/table/memory.h"
#include "ports/table/tables.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"

namespace kith::simulation {

// An invariant that does not hold.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require(bool holds, std::string const& why) {
  if (!holds) throw Broken(why);
}

class World {
 public:
  World(std::uint64_t seed, std::ostream* out) : random(seed), trace(time, out) { make(); }
  ~World() { end(); }
  World(World const&) = delete;

  // Builds the services and registers their followers; again after every crash.
  void start(std::function<void()> build) {
    build_ = std::move(build);
    begin();
  }
  // The process dies in the middle of everything and comes up again.
  void crash() {
    trace.note("crash");
    end();
    make();
    begin();
  }
  // No more faults, the clock is set right, and all events are handled, those set aside and those due
  // within a minute too.
  void settle();

  template <class T>
  T run(Task<T> task) {
    return time.run(std::move(task));
  }
  void run(Task<void> task) { time.run(std::move(task)); }

  // As services see them: faulty. Rows and events can be looked at past the faults by true_strict and true_wide.
  Strict& strict() { return *faulty_strict_; }
  Wide& wide() { return *faulty_wide_; }
  Keys& keys() { return faulty_keys_; }
  Dispatch& dispatch() { return *dispatch_; }
  Tables& tables() { return *tables_; }
  Log& log() { return *faulty_log_; }
  Strict& true_strict() { return *strict_; }
  Wide& true_wide() { return *wide_; }
  Tables& true_tables() { return *true_tables_; }

  VirtualTime time;
  Random random;
  Trace trace;
  Faults faults{random, time, trace};
  ClockIds ids{time};

 private:
  void make();
  void begin();
  void end();
  void drain();

  std::function<void()> build_;
  MemoryStore rows_;
  MemoryLogStore events_;
  MemoryKeys keys_;
  FaultyKeys faulty_keys_{keys_, faults};
  std::optional<MemoryLog> log_;
  std::optional<MemoryStrict> strict_;
  std::optional<MemoryWide> wide_;
  std::optional<FaultyLog> faulty_log_;
  std::optional<FaultyStrict> faulty_strict_;
  std::optional<FaultyWide> faulty_wide_;
  std::optional<Dispatch> dispatch_;
  std::optional<Tables> tables_;
  std::optional<Tables> true_tables_;
};

}  // namespace kith::simulation
