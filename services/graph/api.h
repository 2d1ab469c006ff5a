#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "ports/clock/clock.h"
#include "services/graph/graph.kith.h"
#include "services/users/users.kith.h"

namespace kith::graph {

// Follows and friendships, blocks, mutes, lists, relationships, suggestions.
void graph_api(Router& router, GraphService& graph, users::UsersService& users, Hydrator& hydrator, Clock const& clock);

}  // namespace kith::graph
