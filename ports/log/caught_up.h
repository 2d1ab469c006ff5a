#pragma once

#include "ports/log/log.h"

namespace kith {

// Waits until all events due are handled that groups of this log's process follow, also those that a handled event
// made.
Task<void> caught_up(Log& log);

}  // namespace kith
