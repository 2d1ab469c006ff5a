#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/reactions/reactions.kith.h"

namespace kith::reactions {

// Favourites and other reactions, bookmarks.
void reactions_api(Router& router, ReactionsService& reactions, Hydrator& hydrator);

}  // namespace kith::reactions
