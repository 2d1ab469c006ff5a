#pragma once

// Which services are one role, and where the processes of a role are. A call between processes costs as much as a
// page, so services that ask each other for each page are one role: social.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "ports/rpc/identity.h"

namespace kith {

// "posts" -> "social"
std::string_view role_of(std::string_view service);
// "kith.posts.Posts/See" -> "posts"
std::string_view service_of(std::string_view method);

// Under which setting its processes stand, and so by which name they are called: the role itself, or "core".
std::string_view called_as(Settings const& settings, std::string_view role);
// Where they are; the socket in the rpc folder when no setting says it.
std::vector<std::string> addresses_of(Settings const& settings, std::string_view role);

// Null when the settings name no certificate, or it is not needed. Throws one sentence why it cannot be used.
std::shared_ptr<Identities const> identities_of(Settings const& settings);

}  // namespace kith
