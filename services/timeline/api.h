#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/timeline/timeline.kith.h"

namespace kith::timeline {

// Home, the newsfeed with its reasons, public, tag and list timelines; tags and following them.
void timeline_api(Router& router, TimelineService& timeline, Hydrator& hydrator);

}  // namespace kith::timeline
