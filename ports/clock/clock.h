#pragma once

// Time and waiting, so that a whole community can be run in virtual time.

#include "base/task.h"
#include "base/time.h"

namespace kith {

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall clock; may be set back by the operator.
  virtual Time now() const = 0;
  // Never goes back; comparable within one process only.
  virtual Duration monotonic() const = 0;
  // The same for hot paths: some milliseconds behind where that is cheaper.
  virtual Duration monotonic_coarse() const { return monotonic(); }
  // Resumes on the caller's executor. Throws Error{unavailable} when the wait was cancelled.
  virtual Task<void> sleep(Duration duration) = 0;
};

}  // namespace kith
