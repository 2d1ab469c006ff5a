#pragma once

// How people reach this server.

#include <string>
#include <string_view>

#include "app/settings.h"

namespace kith {

// The setting, or what the first address to listen on says: "http://127.0.0.1:8080".
std::string base_url_of(Settings const& settings);
// "kith.example:8443" of "https://kith.example:8443".
std::string host_of(std::string_view base_url);
// Where the core of this data folder answers other processes of the same owner.
std::string rpc_address(Settings const& settings);

}  // namespace kith
