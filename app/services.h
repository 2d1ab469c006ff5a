#pragma once

// Every service by its interface: in this process or behind rpc, nobody who holds this can tell.

#include "services/auth/auth.kith.h"
#include "services/graph/graph.kith.h"
#include "services/notifications/notifications.kith.h"
#include "services/pages/pages.kith.h"
#include "services/posts/posts.kith.h"
#include "services/reactions/reactions.kith.h"
#include "services/search/search.kith.h"
#include "services/timeline/timeline.kith.h"
#include "services/users/users.kith.h"

namespace kith {

struct Services {
  users::UsersService& users;
  graph::GraphService& graph;
  posts::PostsService& posts;
  reactions::ReactionsService& reactions;
  pages::PagesService& pages;
  timeline::TimelineService& timeline;
  notifications::NotificationsService& notifications;
  search::SearchService& search;
  auth::AuthService& auth;
};

}  // namespace kith
