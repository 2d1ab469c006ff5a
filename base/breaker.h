#pragma once

// Keeps callers from waiting for a server that is not there: after some failures in a row it refuses at
// once, and lets one caller try now and then, with longer and longer pauses.

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace kith {

class Breaker {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using Pause = std::chrono::milliseconds;

  static constexpr int failures_max = 4;
  static constexpr Pause pause_first{100}, pause_max{3'000};

  // True also lets one try through when a pause is over; it must say how it ended.
  bool allows(Instant now) {
    if (failures_ < failures_max) return true;
    if (now < again_) return false;
    again_ = now + pause_;  // until this one try has ended, or is itself forgotten
    trying_ = true;
    return true;
  }
  void succeeded() {
    failures_ = 0;
    trying_ = false;
    pause_ = pause_first;
  }
  // Many that were under way when it opened, and fail together, are one reason for a pause.
  void failed(Instant now) {
    bool const opens = ++failures_ == failures_max;
    if (!opens && !std::exchange(trying_, false)) return;
    again_ = now + jittered(pause_);
    pause_ = std::min(pause_ * 2, pause_max);
  }
  bool open() const { return failures_ >= failures_max; }

  // Between half of it and all of it, so that many callers do not come back together.
  Pause jittered(Pause pause) {
    return Pause(std::uniform_int_distribution<Pause::rep>(pause.count() / 2, pause.count())(random_));
  }

 private:
  int failures_ = 0;
  bool trying_ = false;
  Pause pause_ = pause_first;
  Instant again_{};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace kith
