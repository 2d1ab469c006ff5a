#pragma once

// The services below the pages, over tables that say they are on other machines: what a role apart does in another
// way than one process is seen to do the same, and its journeys are counted as time.

#include "ports/table/distant_for_tests.h"
#include "ports/table/test_world.h"
#include "services/graph/graph.h"
#include "services/pages/pages.h"
#include "services/posts/posts.h"
#include "services/reactions/reactions.h"
#include "services/users/users.h"

namespace kith {

struct DistantServices {
  explicit DistantServices(TestWorld& world, Duration journey = {})
      : strict(world.strict(), world.time, journey),
        wide(world.wide(), world.time, journey),
        tables({strict, wide, world.keys, world.ids, world.dispatch()}),
        users({tables, world.keys, world.time}),
        graph({tables, world.time, users}),
        posts({tables, world.time, users, graph}),
        reactions({tables, posts, graph}),
        pages({posts, reactions, users, graph, tables.apart()}) {}

  DistantStrict strict;
  DistantWide wide;
  Tables tables;
  users::Users users;
  graph::Graph graph;
  posts::Posts posts;
  reactions::Reactions reactions;
  pages::Pages pages;
};

}  // namespace kith
