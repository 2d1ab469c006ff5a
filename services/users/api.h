#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/graph/graph.kith.h"
#include "services/pages/pages.kith.h"
#include "services/users/users.kith.h"

namespace kith::users {

// Accounts, one's own profile, preferences, reading positions, drawn pictures.
void users_api(Router& router, UsersService& users, graph::GraphService& graph, pages::PagesService& pages,
               Hydrator& hydrator);

}  // namespace kith::users
