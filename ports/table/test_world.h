#pragma once

// The world a service's test lives in: memory engines, virtual time, ids and keys that are the same
// in every run, events delivered twice.
//
//   class PollsTest : public testing::Test {
//    protected:
//     PollsTest() {
//       world.start([this] {
//         polls.emplace(Polls::Needs{world.tables(), world.time});
//         follow(world.dispatch(), *polls);                 // generated: who follows which events
//       });
//     }
//     TestWorld world;
//     std::optional<Polls> polls;
//   };
//
//   world.run(polls->vote(ada, cast));   // a value, or the Error it threw
//   world.settle();                      // every event that is due was handled, retries included
//   world.advance(std::chrono::hours{1});
//   world.restart();                     // the process died: what was committed is there, no more

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "ports/clock/minter.h"
#include "ports/clock/virtual_time.h"
#include "ports/log/dispatch.h"
#include "ports/log/memory.h"
#include "ports/table/memory.h"
#include "ports/table/tables.h"

namespace kith {

class TestWorld {
 public:
  struct Options {
    bool twice = true;  // handlers get every event twice, echoed ones too
  };
  TestWorld() : TestWorld(Options{}) {}
  explicit TestWorld(Options options) : options_(options) { make(); }
  ~TestWorld() { end(); }
  TestWorld(TestWorld const&) = delete;

  // Builds the services and registers their followers, then begins to deliver events. `build` is
  // called again by every restart.
  void start(std::function<void()> build = {}) {
    build_ = std::move(build);
    begin();
  }
  // Everything volatile is lost, also what was under way; rows, events and keys stay.
  void restart() {
    end();
    make();
    begin();
  }

  template <class T>
  T run(Task<T> task) {
    return time.run(std::move(task));
  }
  void run(Task<void> task) { time.run(std::move(task)); }

  // Until every group has handled all that is due, and what came of it. Throws when a handler
  // failed so often that its event was set aside.
  void settle() {
    settle_anyway();
    for (Lag const& lag : run(log().lag())) {
      if (lag.set_aside == 0) continue;
      SetAside const aside = run(log().set_aside(lag.group, 1)).front();
      throw std::runtime_error(lag.group + " cannot handle " + aside.event.kind + ": " + aside.failure);
    }
  }
  // The same for a test in which events are meant to be set aside.
  void settle_anyway() {
    time.settle();
    for (bool waiting = true; waiting;) {
      waiting = false;
      for (Lag const& lag : run(log().lag())) {
        if (lag.waiting == 0) continue;
        waiting = true;
        run(log().caught_up(lag.group));
      }
    }
  }
  // Time passes, and what became due in it was handled.
  void advance(Duration by) {
    time.advance(by);
    settle();
  }

  Strict& strict() { return *strict_; }
  Wide& wide() { return *wide_; }
  MemoryLog& log() { return *log_; }
  Dispatch& dispatch() { return *dispatch_; }
  Tables& tables() { return *tables_; }

  VirtualTime time;
  ClockIds ids{time};
  MemoryKeys keys;
  MemoryStore rows;
  MemoryLogStore events;

 private:
  void make() {
    log_.emplace(MemoryLog::Needs{time, events, options_.twice});
    strict_.emplace(MemoryStrict::Needs{time, rows, *log_});
    wide_.emplace(MemoryWide::Needs{time, rows});
    dispatch_.emplace(time);
    tables_.emplace(Tables::Needs{*strict_, *wide_, keys, ids, *dispatch_});
  }
  void begin() {
    if (build_) build_();
    dispatch_->connect(*log_);
    log_->start(time.executor());
  }
  void end() {
    log_->stop();
    time.forget();
  }

  Options options_;
  std::function<void()> build_;
  std::optional<MemoryLog> log_;
  std::optional<MemoryStrict> strict_;
  std::optional<MemoryWide> wide_;
  std::optional<Dispatch> dispatch_;
  std::optional<Tables> tables_;
};

}  // namespace kith
