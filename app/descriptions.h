#pragma once

// All that the services say of themselves, together.

#include <span>
#include <string>
#include <vector>

#include "ports/rpc/service.h"
#include "ports/table/row.h"

namespace kith {

std::vector<Table> all_tables();
std::vector<EventDescription> all_events();
std::vector<FollowDescription> all_follows();
// What `kith dataflow` prints.
std::string dataflow_text();

}  // namespace kith
