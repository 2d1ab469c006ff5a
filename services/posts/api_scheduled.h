#pragma once

#include "gateway/http/router.h"
#include "services/posts/posts.kith.h"

namespace kith::posts {

Response scheduled_json(DraftItem const& item);
void scheduled_api(Router& router, PostsService& posts);

}  // namespace kith::posts
