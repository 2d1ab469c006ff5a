#pragma once

// The community of community_fixture.h with all that stands above it: feeds, notifications, search.

#include "services/notifications/notifications.h"
#include "services/pages/community_fixture.h"
#include "services/search/search.h"
#include "services/timeline/timeline.h"

namespace kith {

struct UpperServices {
  std::optional<timeline::Timeline> timeline;
  std::optional<notifications::Notifications> notifications;
  std::optional<search::Search> search;
};

// The upper services come first among the bases, because they are built while the community is.
class WholeCommunity : protected UpperServices, public Community {
 protected:
  explicit WholeCommunity(timeline::Timeline::Settings settings = {})
      : Community([this, settings] {
          timeline.emplace(
              timeline::Timeline::Needs{world.tables(), world.time, world.log(), *graph, *posts, *pages, settings});
          notifications.emplace(
              notifications::Notifications::Needs{world.tables(), world.time, world.log(), *graph, *posts, *reactions});
          search.emplace(search::Search::Needs{world.tables(), world.time, *users, *graph, *posts});
          follow(world.dispatch(), *timeline);
          follow(world.dispatch(), *notifications);
          follow(world.dispatch(), *search);
        }) {}

  void react(AccountId who, PostId post, bool remove = false) {
    world.run(reactions->react(as(who), {.post = post, .remove = remove}));
  }
  // What is on their home page; they have come.
  std::vector<PostId> home(AccountId who, timeline::PageRequest request = {}) {
    return posts_of(home_page(who, std::move(request)));
  }
  timeline::TimelinePage home_page(AccountId who, timeline::PageRequest request = {}) {
    if (request.limit == 0) request.limit = 20;
    return world.run(timeline->home(as(who), std::move(request)));
  }
  static std::vector<PostId> posts_of(timeline::TimelinePage const& page) {
    std::vector<PostId> ids;
    for (auto const& status : page.page.statuses) ids.push_back(status.facts.post);
    return ids;
  }
};

}  // namespace kith
