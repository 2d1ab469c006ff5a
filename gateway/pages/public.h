#pragma once

// The pages behind the links that the API hands out: a person, a post with its thread, a hashtag.
// Plain HTML without script, and only what somebody who is not signed in may see.

#include <string>

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/timeline/timeline.kith.h"

namespace kith {

struct PublicPages {
  std::string community;  // its name
  users::UsersService& users;
  posts::PostsService& posts;
  pages::PagesService& pages;
  timeline::TimelineService& timeline;
  Hydrator& hydrator;
};

void public_pages(Router& router, PublicPages pages);

}  // namespace kith
