#pragma once

// Relationship: what stands between the viewer and one person. A friend is to existing clients
// somebody who follows and is followed; asking is a follow that is `requested`. Our own words stand
// in `kith`.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace kith::views {

struct Relationship {
  std::uint64_t id = 0;
  bool following = false;
  bool showing_shares = true;  // counts only while following
  bool notifying = false;
  bool followed_by = false;
  bool blocking = false;
  bool blocked_by = false;
  bool muting = false;
  bool muting_notifications = false;
  Time muted_until = no_time;
  bool requested = false;
  bool requested_by = false;
  bool endorsed = false;
  std::string note = {};
  std::vector<std::string> languages = {};
  bool friends = false;
  bool close = false;
};

void append_relationship(std::string& out, Relationship const& relationship);
void append_relationships(std::string& out, std::span<Relationship const> relationships);

}  // namespace kith::views
