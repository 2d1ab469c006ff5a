#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/posts/posts.kith.h"

namespace kith::posts {

Response scheduled_json(DraftItem const& item);
void scheduled_api(Router& router, PostsService& posts, Hydrator& hydrator);

}  // namespace kith::posts
