#pragma once

// What a community says of itself, as HTML: who it is, its rules, whom to write to, what is kept.

#include <string>

#include "gateway/pages/community.h"

namespace kith {

std::string description_html(CommunityPages const& community);
std::string rules_html(CommunityPages const& community);  // with its heading; nothing when there are none
std::string contact_html(CommunityPages const& community);
// What this software keeps and who sees it, in words that hold for every community run with it.
std::string privacy_html(CommunityPages const& community);

}  // namespace kith
