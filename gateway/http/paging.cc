#include "gateway/http/paging.h"

#include <algorithm>

#include "gateway/http/body.h"

namespace kith {
namespace {

// This page's URL with its own parameters, but without those that choose the page.
std::string url_without_page(Request const& request, std::initializer_list<std::string_view> of_page) {
  std::string url = request.base_url();
  for (char const c : request.path()) {
    if (c == '/')
      url += c;
    else
      append_percent_encoded(url, {&c, 1});
  }
  char separator = '?';
  auto query = request.query();
  while (!query.empty()) {
    auto const pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    auto const equals = pair.find('=');
    auto const name = percent_decoded(pair.substr(0, equals), true);
    if (pair.empty() || !name || *name == "access_token") continue;
    if (std::find(of_page.begin(), of_page.end(), *name) != of_page.end()) continue;
    url += separator;
    separator = '&';
    append_percent_encoded(url, *name);
    if (equals == std::string_view::npos) continue;
    url += '=';
    append_percent_encoded(url, percent_decoded(pair.substr(equals + 1), true).value_or(""));
  }
  url += separator;
  return url;
}

std::size_t limit_of(Request const& request, std::size_t otherwise, std::size_t most) {
  auto const asked = request.maybe_number("limit");
  if (!asked) return otherwise;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(*asked, 1, static_cast<std::int64_t>(most)));
}

}  // namespace

Paging paging_of(Request const& request, std::size_t limit_default, std::size_t limit_most) {
  auto const id = [&request](std::string_view name) -> std::uint64_t {
    // Some clients ask for the first page with max_id=0 or an empty one.
    auto const text = request.maybe_text(name);
    if (!text || text->empty() || *text == "0") return 0;
    return request.maybe_id<Id<void>>(name)->value;
  };
  return {id("max_id"), id("since_id"), id("min_id"), limit_of(request, limit_default, limit_most)};
}

void link_pages(Response& response, Request const& request, std::uint64_t newest, std::uint64_t oldest) {
  if (newest == 0 || oldest == 0) return;
  auto const url = url_without_page(request, {"max_id", "since_id", "min_id"});
  response.headers.set("Link", '<' + url + "max_id=" + std::to_string(oldest) + ">; rel=\"next\", <" + url +
                                   "min_id=" + std::to_string(newest) + ">; rel=\"prev\"");
}

void link_next_offset(Response& response, Request const& request, std::size_t offset) {
  auto const url = url_without_page(request, {"offset"});
  response.headers.set("Link", '<' + url + "offset=" + std::to_string(offset) + ">; rel=\"next\"");
}

}  // namespace kith
