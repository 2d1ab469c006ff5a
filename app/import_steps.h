#pragma once

// An import, step by step: what is being done is shown, much of it is done side by side, and it can be
// told to stop.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "base/time.h"
#include "ports/clock/clock.h"

namespace kith {

// "18,812"
std::string grouped(std::uint64_t number);

// A bar on a terminal; elsewhere a line at the end of each step. One thread.
class Progress {
 public:
  Progress(Clock const& clock, std::FILE* out, bool terminal) : clock_(clock), out_(out), terminal_(terminal) {}

  void begin(std::string what, std::uint64_t total);
  void add(std::uint64_t done = 1);
  void end();
  // A sentence on a line of its own.
  void note(std::string_view sentence);

 private:
  void draw();

  Clock const& clock_;
  std::FILE* out_;
  bool terminal_;
  std::string what_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  Duration began_{};
  Duration drawn_{};
};
// On standard error.
Progress progress_here(Clock const& clock);

// act(0) ... act(count - 1), at most `width` at a time. They begin in order: what an act does before it
// first waits is done in the order of the numbers. After a failure none begins any more.
using NumberedAct = std::function<Task<void>(std::size_t)>;
Task<void> side_by_side(std::size_t count, std::size_t width, NumberedAct act);

// Throws Error{unavailable} once somebody asked to stop.
void check_going_on(std::atomic<bool> const& stopping);

}  // namespace kith
