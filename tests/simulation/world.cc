#include "tests/simulation/world.h"

namespace kith::simulation {

void World::make() {
  log_.emplace(MemoryLog::Needs{time, events_});
  strict_.emplace(MemoryStrict::Needs{time, rows_, *log_});
  wide_.emplace(MemoryWide::Needs{time, rows_});
  faulty_log_.emplace(*log_, faults);
  faulty_strict_.emplace(*strict_, faults);
  faulty_wide_.emplace(*wide_, faults);
  dispatch_.emplace(time);
  tables_.emplace(Tables::Needs{*faulty_strict_, *faulty_wide_, faulty_keys_, ids, *dispatch_});
  true_tables_.emplace(Tables::Needs{*strict_, *wide_, keys_, ids, *dispatch_});
}

void World::begin() {
  build_();
  dispatch_->connect(*faulty_log_);
  log_->start(time.executor());
}

void World::end() {
  log_->stop();
  time.forget();
}

void World::settle() {
  faults.calm();
  time.set_right();
  drain();
  // Second passes and the ends of graces are due by then.
  time.advance(std::chrono::minutes{1});
  drain();
}

void World::drain() {
  for (int turn = 0;; ++turn) {
    require(turn < 100, "events never come to an end");
    bool waiting = false;
    for (Lag const& lag : run(log_->lag())) {
      for (SetAside const& aside : run(log_->set_aside(lag.group, 1000))) {
        // In the storm an event may fail often enough; in the calm nothing may.
        require(turn < 10, lag.group + " cannot handle " + aside.event.kind + ": " + aside.failure);
        run(log_->retry(lag.group, aside.event.id));
      }
      if (lag.waiting + lag.set_aside == 0) continue;
      waiting = true;
      run(log_->caught_up(lag.group));
    }
    if (!waiting) return;
  }
}

}  // namespace kith::simulation
