#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/posts/posts.kith.h"

namespace kith::posts {

// Writing, reading, editing and sharing posts; threads; people's posts; what is scheduled.
void posts_api(Router& router, PostsService& posts, Hydrator& hydrator);

}  // namespace kith::posts
