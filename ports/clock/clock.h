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
  // Resumes on the caller's executor.
  virtual Task<void> sleep(Duration duration) = 0;
};

}  // namespace kith
