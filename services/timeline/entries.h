#pragma once

// What a post stands for in feeds and timelines.

#include <vector>

#include "services/posts/posts.kith.h"
#include "services/timeline/timeline.kith.h"

namespace kith::timeline {

bool reaches_feeds(posts::FanoutFacts const& post);
// A line of a feed; whose, says the caller.
FeedEntry entry_of(posts::FanoutFacts const& post, Reason reason, Duration lives);
// Its lines in the public timeline and those of its tags.
std::vector<TimelineEntry> open_entries_of(posts::FanoutFacts const& post, Duration lives);

}  // namespace kith::timeline
