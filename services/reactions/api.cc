#include "services/reactions/api.h"

#include <algorithm>
#include <functional>

#include "gateway/http/paging.h"

namespace kith::reactions {
namespace {

constexpr std::pair<std::string_view, Kind> kinds[] = {
    {"like", Kind::like}, {"love", Kind::love}, {"care", Kind::care},  {"laugh", Kind::laugh},
    {"wow", Kind::wow},   {"sad", Kind::sad},   {"angry", Kind::angry}};

Kind kind_in(Request const& request) {
  std::string const word = request.text("kind");
  for (auto const& [known, kind] : kinds)
    if (word == known || word == emoji_of(static_cast<std::uint32_t>(kind))) return kind;
  throw Error{Code::invalid, "kind must be like, love, care, laugh, wow, sad or angry"};
}

Task<Response> reacted(ReactionsService& reactions, Hydrator& hydrator, Request request, ReactRequest wanted) {
  PostId const post = wanted.post;
  co_await reactions.react(request.call(), wanted);
  co_return Response::json(co_await hydrator.status(request.call(), post));
}

Task<Response> favourite(ReactionsService& reactions, Hydrator& hydrator, bool remove, Request request) {
  ReactRequest wanted{.post = request.id<PostId>("id"), .kind = Kind::like, .remove = remove};
  co_return co_await reacted(reactions, hydrator, std::move(request), wanted);
}

Task<Response> react(ReactionsService& reactions, Hydrator& hydrator, Request request) {
  ReactRequest wanted{.post = request.id<PostId>("id"), .kind = kind_in(request)};
  co_return co_await reacted(reactions, hydrator, std::move(request), wanted);
}

Task<Response> bookmark(ReactionsService& reactions, Hydrator& hydrator, bool on, Request request) {
  BookmarkRequest const wanted{request.id<PostId>("id"), on};
  co_await reactions.set_bookmark(request.call(), wanted);
  co_return Response::json(co_await hydrator.status(request.call(), wanted.post));
}

Task<Response> people(ReactionsService& reactions, Hydrator& hydrator, Request request) {
  Paging const paging = paging_of(request, 40, 80);
  PeopleRequest const wanted{.post = request.id<PostId>("id"),
                             .max = AccountId{paging.max_id},
                             .since = AccountId{std::max(paging.since_id, paging.min_id)},
                             .limit = static_cast<std::uint32_t>(paging.limit)};
  auto const page = co_await reactions.people(request.call(), wanted);
  std::vector<AccountId> accounts;
  for (auto const& reactor : page.people) accounts.push_back(reactor.person);
  Response response = Response::json(co_await hydrator.account_list(request.call(), std::move(accounts)));
  if (!page.people.empty())
    link_pages(response, request, page.people.front().person.value, page.more ? page.examined.value : 0);
  co_return response;
}

using OwnCall = Task<OwnPage> (ReactionsService::*)(Call, OwnRequest);

// Favourites and bookmarks: pages go by the id of the act, posts no longer visible are left out.
Task<Response> own(ReactionsService& reactions, Hydrator& hydrator, OwnCall what, Request request) {
  Paging const paging = paging_of(request, 20, 40);
  OwnRequest const wanted{paging.max_id, paging.since_id, paging.min_id, static_cast<std::uint32_t>(paging.limit)};
  auto const page = co_await (reactions.*what)(request.call(), wanted);
  std::vector<PostId> posts;
  for (auto const& item : page.items) posts.push_back(item.post);
  auto const shown = co_await hydrator.show_posts(request.call(), std::move(posts));
  Response response = Response::json(shown.json());
  if (!page.items.empty()) link_pages(response, request, page.items.front().id, page.more ? page.items.back().id : 0);
  co_return response;
}

}  // namespace

void reactions_api(Router& router, ReactionsService& reactions, Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  for (bool const off : {false, true}) {
    router.add({.method = Method::post,
                .path = off ? "/api/v1/statuses/:id/unfavourite" : "/api/v1/statuses/:id/favourite",
                .scope = "write:favourites",
                .summary = off ? "Takes your reaction back" : "Likes a post"},
               bind_front(favourite, ref(reactions), ref(hydrator), off));
    router.add({.method = Method::post,
                .path = off ? "/api/v1/statuses/:id/unbookmark" : "/api/v1/statuses/:id/bookmark",
                .scope = "write:bookmarks",
                .summary = off ? "Drops a bookmark" : "Keeps a post for later"},
               bind_front(bookmark, ref(reactions), ref(hydrator), !off));
  }
  router.add({.method = Method::post,
              .path = "/api/v1/statuses/:id/react",
              .scope = "write:favourites",
              .summary = "Reacts to a post; one reaction a person",
              .params = {{"kind", "string", "like, love, care, laugh, wow, sad or angry", required}}},
             bind_front(react, ref(reactions), ref(hydrator)));
  router.add({.method = Method::del,
              .path = "/api/v1/statuses/:id/react",
              .scope = "write:favourites",
              .summary = "Takes your reaction back"},
             bind_front(favourite, ref(reactions), ref(hydrator), true));
  router.add({.path = "/api/v1/statuses/:id/favourited_by",
              .access = Access::open,
              .scope = "read:statuses",
              .summary = "Who reacted"},
             bind_front(people, ref(reactions), ref(hydrator)));
  router.add({.path = "/api/v1/favourites", .scope = "read:favourites", .summary = "What you reacted to"},
             bind_front(own, ref(reactions), ref(hydrator), &ReactionsService::mine));
  router.add({.path = "/api/v1/bookmarks", .scope = "read:bookmarks", .summary = "What you keep for later"},
             bind_front(own, ref(reactions), ref(hydrator), &ReactionsService::bookmarks));
}

}  // namespace kith::reactions
