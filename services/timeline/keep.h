#pragma once

// What of the visible posts belongs on a page.

#include <algorithm>
#include <deque>
#include <functional>

#include "services/timeline/timeline.h"

namespace kith::timeline {

struct Timeline::Keep {
  std::function<bool(Reason, posts::SeenPost const&)> wanted;
};

// The posts of the last lines, so that a share of what was just above is left out.
class ShareWindow {
 public:
  explicit ShareWindow(std::size_t size) : size_(size) {}

  // Notes the post that a line shows; true when it is a share of one already noted.
  bool repeats(PostId post, bool is_share) {
    bool const there = std::find(posts_.begin(), posts_.end(), post) != posts_.end();
    posts_.push_back(post);
    if (posts_.size() > size_) posts_.pop_front();
    return is_share && there;
  }

 private:
  std::size_t size_;
  std::deque<PostId> posts_;
};

}  // namespace kith::timeline
