#pragma once

// What stands in a database before the first call: made where it is missing, widened where a table has got
// new fields, refused where it is another server's or a newer program's. Safe to run twice, and by two at
// once. Nothing is ever dropped here, so an older program that still runs goes on undisturbed.

#include <cstddef>

#include "ports/table/postgres_layout.h"
#include "ports/table/postgres_shard.h"

namespace kith::postgres {

// Waits. Throws Error{unavailable} with one sentence.
void set_up(Reach const& reach, Layout const& layout, std::size_t shard, std::size_t shards);

}  // namespace kith::postgres
