#include "services/auth/scopes.h"

#include <algorithm>
#include <array>
#include <vector>

namespace kith::auth {
namespace {

constexpr std::array<std::string_view, 6> whole = {"read", "write", "follow", "push", "profile", "crypto"};
constexpr std::array<std::string_view, 16> parts = {
    "accounts", "blocks", "bookmarks",     "conversations", "favourites", "filters",  "follows",     "lists",
    "media",    "mutes",  "notifications", "reports",       "search",     "statuses", "collections", "me"};

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = std::min(text.find_first_of(" +\n\t", at), text.size());
    if (end > at) found.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return found;
}

bool is_in(auto const& list, std::string_view word) { return std::ranges::find(list, word) != std::ranges::end(list); }

bool is_known(std::string_view scope) {
  if (is_in(whole, scope)) return true;
  if (scope.starts_with("admin:")) scope.remove_prefix(6);
  auto const colon = scope.find(':');
  auto const head = scope.substr(0, colon);
  if (head != "read" && head != "write") return false;
  if (colon == std::string_view::npos) return true;
  auto const rest = scope.substr(colon + 1);
  return is_in(parts, rest) ||
         is_in(std::array<std::string_view, 3>{"domain_blocks", "ip_blocks", "domain_allows"}, rest);
}

bool covers(std::string_view granted, std::string_view asked) {
  if (granted == asked) return true;
  if (asked.size() > granted.size() && asked.starts_with(granted) && asked[granted.size()] == ':') return true;
  if (granted != "follow") return false;
  for (std::string_view const part : {"blocks", "follows", "mutes"})
    if (asked == "read:" + std::string(part) || asked == "write:" + std::string(part)) return true;
  return false;
}

}  // namespace

std::optional<std::string> known_scopes(std::string_view asked) {
  std::string known;
  std::vector<std::string_view> seen;
  for (std::string_view const scope : words(asked)) {
    if (!is_known(scope)) return std::nullopt;
    if (is_in(seen, scope)) continue;
    seen.push_back(scope);
    if (!known.empty()) known += ' ';
    known += scope;
  }
  return known.empty() ? std::optional<std::string>("read") : known;
}

bool within(std::string_view asked, std::string_view granted) {
  auto const all = words(granted);
  return std::ranges::all_of(words(asked), [&](std::string_view scope) {
    return std::ranges::any_of(all, [&](std::string_view given) { return covers(given, scope); });
  });
}

}  // namespace kith::auth
