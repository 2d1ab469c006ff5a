#pragma once

// What a post stands for in feeds and timelines.

#include <string>
#include <string_view>
#include <vector>

#include "services/posts/posts.kith.h"
#include "services/timeline/timeline.kith.h"

namespace kith::timeline {

bool reaches_feeds(posts::FanoutFacts const& post);
// A line of a feed; whose, says the caller.
FeedEntry entry_of(posts::FanoutFacts const& post, Reason reason, Duration lives);
// What the timeline of a link is called: any length of it makes 43 characters.
std::string link_name(std::string_view link);
// Its lines in the public timeline and those of its tags and links.
std::vector<TimelineEntry> open_entries_of(posts::FanoutFacts const& post, Duration lives);

}  // namespace kith::timeline
