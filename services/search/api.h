#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/search/search.kith.h"
#include "services/timeline/timeline.kith.h"
#include "services/users/users.kith.h"

namespace kith::search {

struct SearchApi {
  SearchService& search;
  timeline::TimelineService& timeline;
  users::UsersService& users;
  Hydrator& hydrator;
};

// Search for people and hashtags, and for what an address of this server leads to.
void search_api(Router& router, SearchApi with);

}  // namespace kith::search
