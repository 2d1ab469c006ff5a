#include "services/search/api.h"

#include <functional>

#include "gateway/http/paging.h"
#include "gateway/text/render.h"
#include "gateway/views/search.h"

namespace kith::search {
namespace {

Task<Response> search(SearchService& search, timeline::TimelineService& timeline, Hydrator& hydrator, Request request) {
  std::string const text = request.text("q");
  if (text.size() > 1'000) throw Error{Code::invalid, "q has at most 1,000 bytes"};
  std::string const type = request.maybe_text("type").value_or("");
  if (!type.empty() && type != "accounts" && type != "hashtags" && type != "statuses")
    throw Error{Code::invalid, "type must be accounts, hashtags or statuses"};
  Query query{.text = text, .limit = static_cast<std::uint32_t>(paging_of(request, 20, 40).limit)};
  // Apps page through one kind at a time.
  auto const offset = type.empty() ? 0 : request.maybe_number("offset").value_or(0);
  query.offset = offset < 0 || offset > 200 ? 200u : static_cast<std::uint32_t>(offset);
  query.following_only = request.flag("following");

  std::vector<Fragment> accounts;
  if ((type.empty() || type == "accounts") && !text.starts_with('#')) {
    auto found = co_await search.people(request.call(), query);
    accounts = co_await hydrator.accounts(request.call(), std::move(found.accounts));
  }
  std::vector<views::TagPage> tags;
  if ((type.empty() || type == "hashtags") && !text.starts_with('@')) {
    auto found = co_await search.tags(request.call(), query);
    timeline::TagNames names{std::move(found.tags)};
    auto const known = co_await timeline.tags(request.call(), std::move(names));
    for (auto const& tag : known.tags)
      tags.push_back(
          {.name = tag.name, .url = text::tag_url(hydrator.base_url(), tag.name), .following = tag.following});
  }
  std::vector<std::string_view> shown;
  for (auto const& account : accounts)
    if (account) shown.push_back(*account);
  std::string out;
  views::append_search(out, shown, {}, tags);
  co_return Response::json(std::move(out));
}

Task<Response> search_people(SearchService& search, Hydrator& hydrator, Request request) {
  Query query{.text = request.text("q"), .limit = static_cast<std::uint32_t>(paging_of(request, 40, 80).limit)};
  auto const offset = request.maybe_number("offset").value_or(0);
  query.offset = offset < 0 || offset > 200 ? 200u : static_cast<std::uint32_t>(offset);
  query.following_only = request.flag("following");
  auto found = co_await search.people(request.call(), std::move(query));
  co_return Response::json(co_await hydrator.account_list(request.call(), std::move(found.accounts)));
}

}  // namespace

void search_api(Router& router, SearchService& service, timeline::TimelineService& timeline, Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  std::vector<ParamDoc> const params = {{"q", "string", "the beginning of names or of a tag", required},
                                        {"type", "string", "accounts or hashtags"},
                                        {"limit", "integer", "20, at most 40"},
                                        {"offset", "integer", "with a type"},
                                        {"following", "boolean", "only people you follow"}};
  router.add({.path = "/api/v2/search",
              .access = Access::open,
              .scope = "read:search",
              .summary = "Finds people and hashtags by how they begin",
              .params = params},
             bind_front(search, ref(service), ref(timeline), ref(hydrator)));
  router.add({.path = "/api/v1/accounts/search",
              .scope = "read:accounts",
              .summary = "Finds people by how their names begin",
              .params = params},
             bind_front(search_people, ref(service), ref(hydrator)));
}

}  // namespace kith::search
