#include "app/roles.h"

#include <algorithm>
#include <utility>

#include "app/address.h"
#include "base/check.h"

namespace kith {
namespace {

constexpr std::pair<std::string_view, std::string_view> services[] = {
    {"auth", "auth"},           {"users", "social"}, {"graph", "social"},      {"posts", "social"},
    {"reactions", "social"},    {"pages", "social"}, {"timeline", "timeline"}, {"notifications", "notifications"},
    {"search", "notifications"}};

}  // namespace

std::string_view role_of(std::string_view service) {
  auto const found = std::ranges::find(services, service, &std::pair<std::string_view, std::string_view>::first);
  check(found != std::end(services), "each service belongs to a role");
  return found->second;
}

std::string_view service_of(std::string_view method) {
  auto const begin = std::min(method.find('.') + 1, method.size());
  return method.substr(begin, method.find('.', begin) - begin);
}

std::string_view called_as(Settings const& settings, std::string_view role) {
  return processes_of(settings, role).empty() ? "core" : role;
}

std::vector<std::string> addresses_of(Settings const& settings, std::string_view role) {
  if (auto const& processes = processes_of(settings, role); !processes.empty()) return processes;
  if (!settings.rpc_core.empty()) return settings.rpc_core;
  return {rpc_address(settings)};
}

std::shared_ptr<Identities const> identities_of(Settings const& settings) {
  bool const asks = !std::ranges::all_of(service_roles, [&](auto role) { return has_role(settings, role); });
  if (settings.rpc_certificate.empty() || (settings.rpc_listen.empty() && !asks)) return nullptr;
  Identities::Settings files{.certificate = settings.rpc_certificate, .key = settings.rpc_key};
  files.authority = settings.rpc_authority;
  files.domain = settings.rpc_domain;
  // Who is called for nothing may be called as it likes.
  for (std::string const& role : settings.roles)
    if (!settings.rpc_listen.empty() && role != "gateway") files.names.push_back(role == "all" ? "core" : role);
  return std::make_shared<Identities const>(std::move(files));
}

}  // namespace kith
