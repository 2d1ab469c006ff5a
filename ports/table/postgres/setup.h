#pragma once

// What stands in a database before the first call: made where it is missing, widened where a table has got
// new fields, refused where it is another server's or a newer program's, or where a change would lose data.
// One program at a time does so, in small steps that hold up nobody who is served, so it may be run while
// serving, twice, by two at once, and again after it was cut off.

#include <cstddef>

#include "ports/table/postgres/layout.h"
#include "ports/table/postgres/shard.h"

namespace kith::postgres {

// Each waits, throws Error{unavailable} with one sentence, and tells what it changed, a line each.

// Nothing is dropped, so an older program that still runs goes on undisturbed.
std::vector<std::string> expand(Reach const& reach, Layout const& layout, std::size_t shard, std::size_t shards);
// Drops columns that no field has any more. Only when no older program runs; refused while one of them holds
// anything.
std::vector<std::string> contract(Reach const& reach, Layout const& layout);

}  // namespace kith::postgres
