#pragma once

// What changes rows: one transaction, in two exchanges. The first takes the lock of the partition and
// reads the rows, the second writes and commits; between them it is judged, as by every engine. So
// commits of a partition come one after another, also where a checked row is absent.

#include "ports/clock/clock.h"
#include "ports/table/postgres/cluster.h"
#include "ports/table/strict.h"

namespace kith::postgres {

std::string_view partition_of(Commit const& commit);
// On the cluster's loop. Throws Error{unavailable}: surely not applied; Error{unknown}: the answer to COMMIT was lost.
Task<Outcome> committed(Cluster& cluster, std::size_t shard, Clock& clock, Commit commit);
Task<void> applied(Cluster& cluster, std::size_t shard, Clock& clock, std::vector<RawRow> rows);

}  // namespace kith::postgres
