#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/search/search.kith.h"
#include "services/timeline/timeline.kith.h"

namespace kith::search {

// Search for people and hashtags.
void search_api(Router& router, SearchService& search, timeline::TimelineService& timeline, Hydrator& hydrator);

}  // namespace kith::search
