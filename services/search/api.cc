#include "services/search/api.h"

#include <functional>

#include "gateway/http/paging.h"
#include "gateway/text/address.h"
#include "gateway/text/render.h"
#include "gateway/views/search.h"

namespace kith::search {
namespace {

Response found(std::vector<Fragment> const& accounts, std::span<views::StatusPieces const> posts,
               std::span<views::TagPage const> tags) {
  std::vector<std::string_view> shown;
  for (auto const& account : accounts)
    if (account) shown.push_back(*account);
  std::string out;
  views::append_search(out, shown, posts, tags);
  return Response::json(std::move(out));
}

// Whom or what an address leads to. That of another server leads nowhere: nothing comes from there.
Task<Response> look_up(SearchApi const& with, Request const& request, std::string_view address, std::string_view type) {
  auto const own = text::own_address(with.hydrator.base_url(), address).value_or(text::OwnAddress{});
  std::vector<Fragment> accounts;
  if (type.empty() || type == "accounts") {
    AccountId account{own.account};
    if (!own.handle.empty()) {
      users::Handles one{.handles = {own.handle}};
      account = (co_await with.users.by_handle(request.call(), std::move(one))).accounts.front();
    }
    if (account) accounts = co_await with.hydrator.accounts(request.call(), {account});
  }
  ShownPage posts;
  if (own.post != 0 && (type.empty() || type == "statuses"))
    posts = co_await with.hydrator.show_posts(request.call(), {PostId{own.post}});
  co_return found(accounts, posts.statuses, {});
}

Task<Response> search(SearchApi with, Request request) {
  std::string const text = request.text("q");
  if (text.size() > 1'000) throw Error{Code::invalid, "q has at most 1,000 bytes"};
  std::string const type = request.maybe_text("type").value_or("");
  if (!type.empty() && type != "accounts" && type != "hashtags" && type != "statuses")
    throw Error{Code::invalid, "type must be accounts, hashtags or statuses"};
  if (text::is_web_address(text)) co_return co_await look_up(with, request, text, type);
  Query query{.text = text, .limit = static_cast<std::uint32_t>(paging_of(request, 20, 40).limit)};
  // Apps page through one kind at a time.
  auto const offset = type.empty() ? 0 : request.maybe_number("offset").value_or(0);
  query.offset = offset < 0 || offset > 200 ? 200u : static_cast<std::uint32_t>(offset);
  query.following_only = request.flag("following");

  std::vector<Fragment> accounts;
  if ((type.empty() || type == "accounts") && !text.starts_with('#')) {
    auto found = co_await with.search.people(request.call(), query);
    accounts = co_await with.hydrator.accounts(request.call(), std::move(found.accounts));
  }
  std::vector<views::TagPage> tags;
  if ((type.empty() || type == "hashtags") && !text.starts_with('@')) {
    auto found = co_await with.search.tags(request.call(), query);
    timeline::TagNames names{std::move(found.tags)};
    auto const known = co_await with.timeline.tags(request.call(), std::move(names));
    for (auto const& tag : known.tags)
      tags.push_back(
          {.name = tag.name, .url = text::tag_url(with.hydrator.base_url(), tag.name), .following = tag.following});
  }
  co_return found(accounts, {}, tags);
}

Task<Response> search_people(SearchApi with, Request request) {
  Query query{.text = request.text("q"), .limit = static_cast<std::uint32_t>(paging_of(request, 40, 80).limit)};
  auto const offset = request.maybe_number("offset").value_or(0);
  query.offset = offset < 0 || offset > 200 ? 200u : static_cast<std::uint32_t>(offset);
  query.following_only = request.flag("following");
  auto found = co_await with.search.people(request.call(), std::move(query));
  co_return Response::json(co_await with.hydrator.account_list(request.call(), std::move(found.accounts)));
}

}  // namespace

void search_api(Router& router, SearchApi with) {
  using std::bind_front;
  std::vector<ParamDoc> const params = {{"q", "string", "the beginning of names or of a tag, or an address", required},
                                        {"type", "string", "accounts, hashtags or statuses"},
                                        {"limit", "integer", "20, at most 40"},
                                        {"offset", "integer", "with a type"},
                                        {"following", "boolean", "only people you follow"}};
  router.add({.path = "/api/v2/search",
              .access = Access::open,
              .scope = "read:search",
              .summary = "Finds people and hashtags by how they begin, people and posts by their address",
              .params = params},
             bind_front(search, with));
  router.add({.path = "/api/v1/accounts/search",
              .scope = "read:accounts",
              .summary = "Finds people by how their names begin",
              .params = params},
             bind_front(search_people, with));
}

}  // namespace kith::search
