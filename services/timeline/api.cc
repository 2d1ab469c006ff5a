#include "services/timeline/api.h"

#include <functional>

#include "base/json.h"
#include "base/markup/extract.h"
#include "gateway/http/paging.h"
#include "gateway/text/render.h"
#include "gateway/views/tag.h"

namespace kith::timeline {
namespace {

PageRequest page_request(Request const& request) {
  Paging const paging = paging_of(request, 20, 80);
  PageRequest page{.max = PostId{paging.max_id}, .since = PostId{paging.since_id}, .min = PostId{paging.min_id}};
  page.limit = static_cast<std::uint32_t>(paging.limit);
  page.only_media = request.flag("only_media");
  page.local = request.flag("local");
  page.remote = request.flag("remote");
  return page;
}

// The next page begins below the last id examined, so that hidden posts never end a list.
void link(Response& response, Request const& request, TimelinePage const& page) {
  if (!page.last) return;
  link_pages(response, request, page.first.value, page.more ? page.last.value : 0);
}

Task<Response> shown(Hydrator& hydrator, Request request, TimelinePage page) {
  Response response = Response::json(co_await hydrator.statuses(request.call(), std::move(page.page)));
  link(response, request, page);
  co_return response;
}

Task<Response> home(TimelineService& timeline, Hydrator& hydrator, Request request) {
  auto page = co_await timeline.home(request.call(), page_request(request));
  co_return co_await shown(hydrator, std::move(request), std::move(page));
}

std::string_view word_of(Reason reason) {
  switch (reason) {
    case Reason::friend_posted: return "friend_posted";
    case Reason::followed_posted: return "followed_posted";
    case Reason::friend_shared: return "friend_shared";
    case Reason::followed_shared: return "followed_shared";
    case Reason::followed_tag: return "followed_tag";
    case Reason::famous: return "famous";
    case Reason::commented: return "commented";
    case Reason::own: return "own";
    case Reason::mentioned: return "mentioned";
    default: return "unspecified";
  }
}

// The same feed as home; each item says why it is there, and the last page that nothing is left.
Task<Response> newsfeed(TimelineService& timeline, Hydrator& hydrator, Request request) {
  auto page = co_await timeline.home(request.call(), page_request(request));
  auto const statuses = co_await hydrator.show(request.call(), std::move(page.page));
  std::string out;
  JsonWriter json(out);
  json.begin().list("items");
  std::string status;
  for (std::size_t i = 0; i < statuses.statuses.size(); ++i) {
    status.clear();
    views::append_status(status, statuses.statuses[i]);
    json.begin().list("reasons");
    if (i < page.reasons.size())
      for (Reason const reason : page.reasons[i].reasons) {
        json.begin().text("kind", word_of(reason)).id("account_id", page.reasons[i].by);
        json.text_or_null("tag", page.reasons[i].tag).end();
      }
    json.end_list().raw("status", status).end();
  }
  json.end_list().yes("end", !page.more);
  if (page.more)
    json.id("next_max_id", page.last);
  else
    json.null("next_max_id");
  json.end();
  Response response = Response::json(std::move(out));
  link(response, request, page);
  co_return response;
}

Task<Response> open_timeline(TimelineService& timeline, Hydrator& hydrator, Request request) {
  auto page = co_await timeline.public_(request.call(), page_request(request));
  co_return co_await shown(hydrator, std::move(request), std::move(page));
}

std::string tag_in(Request const& request, std::string_view name) {
  std::string tag = text::tag_key(request.text(name));
  if (tag.empty()) throw Error{Code::not_found, "There is no such hashtag"};
  return tag;
}

Task<Response> tagged(TimelineService& timeline, Hydrator& hydrator, Request request) {
  PageRequest page = page_request(request);
  page.tag = tag_in(request, "name");
  for (auto const& [name, tags] :
       {std::pair("any", &page.any), std::pair("all", &page.all), std::pair("none", &page.none)})
    for (auto const& text : request.texts(name))
      if (auto tag = text::tag_key(text); !tag.empty()) tags->push_back(std::move(tag));
  auto found = co_await timeline.tagged(request.call(), std::move(page));
  co_return co_await shown(hydrator, std::move(request), std::move(found));
}

Task<Response> linked(TimelineService& timeline, Hydrator& hydrator, Request request) {
  PageRequest page = page_request(request);
  page.link = text::link_key(request.text("url"));
  if (page.link.empty()) throw Error{Code::invalid, "url must be a web address, such as https://example.org/page"};
  auto found = co_await timeline.linked(request.call(), std::move(page));
  co_return co_await shown(hydrator, std::move(request), std::move(found));
}

Task<Response> listed(TimelineService& timeline, Hydrator& hydrator, Request request) {
  PageRequest page = page_request(request);
  page.list = request.id<ListId>("id");
  auto found = co_await timeline.listed(request.call(), std::move(page));
  co_return co_await shown(hydrator, std::move(request), std::move(found));
}

views::TagPage view_of(Hydrator const& hydrator, Tag const& tag) {
  return {.name = tag.name, .url = text::tag_url(hydrator.base_url(), tag.name), .following = tag.following};
}

Task<Response> show_tag(TimelineService& timeline, Hydrator& hydrator, Request request) {
  TagNames one;
  one.names.push_back(tag_in(request, "name"));
  auto const tags = co_await timeline.tags(request.call(), std::move(one));
  std::string out;
  views::append_tag(out, view_of(hydrator, tags.tags.front()));
  co_return Response::json(std::move(out));
}

Task<Response> follow_tag(TimelineService& timeline, Hydrator& hydrator, bool follow, Request request) {
  TagRequest wanted{tag_in(request, "name"), follow};
  auto const tag = co_await timeline.follow_tag(request.call(), std::move(wanted));
  std::string out;
  views::append_tag(out, view_of(hydrator, tag));
  co_return Response::json(std::move(out));
}

Task<Response> followed_tags(TimelineService& timeline, Hydrator& hydrator, Request request) {
  Paging const paging = paging_of(request, 100, 200);
  TagsRequest const wanted{.max = paging.max_id,
                           .since = paging.since_id > 0 ? paging.since_id : paging.min_id,
                           .limit = static_cast<std::uint32_t>(paging.limit)};
  auto const page = co_await timeline.followed_tags(request.call(), wanted);
  std::vector<views::TagPage> tags;
  for (auto const& tag : page.tags) tags.push_back(view_of(hydrator, tag));
  std::string out;
  views::append_tags(out, tags);
  Response response = Response::json(std::move(out));
  if (!page.tags.empty()) link_pages(response, request, page.tags.front().id, page.more ? page.tags.back().id : 0);
  co_return response;
}

}  // namespace

void timeline_api(Router& router, TimelineService& timeline, Hydrator& hydrator) {
  std::vector<ParamDoc> const paging = {{"max_id", "id", "older than this post"},
                                        {"since_id", "id", "newer than this post, the newest page"},
                                        {"min_id", "id", "the page just above this post"},
                                        {"limit", "integer", "20, at most 80"}};
  auto const get = [&](std::string_view path, Access access, std::string_view scope, std::string_view summary,
                       auto handler) {
    router.add({.path = path, .access = access, .scope = scope, .summary = summary, .params = paging},
               std::bind_front(handler, std::ref(timeline), std::ref(hydrator)));
  };
  get("/api/v1/timelines/home", Access::user, "read:statuses", "Your home timeline", home);
  get("/api/v1/newsfeed", Access::user, "read:statuses", "Your feed, and why each item is in it", newsfeed);
  get("/api/v1/timelines/public", Access::open, "read:statuses", "All public posts", open_timeline);
  get("/api/v1/timelines/tag/:name", Access::open, "read:statuses", "Public posts with a hashtag", tagged);
  auto with_url = paging;
  with_url.push_back({"url", "string", "the address that the posts link to", required});
  router.add({.path = "/api/v1/timelines/link",
              .access = Access::open,
              .scope = "read:statuses",
              .summary = "Public posts with a link",
              .params = with_url},
             std::bind_front(linked, std::ref(timeline), std::ref(hydrator)));
  get("/api/v1/timelines/list/:id", Access::user, "read:lists", "Posts of the people in a list", listed);
  get("/api/v1/tags/:name", Access::open, "read", "A hashtag", show_tag);
  get("/api/v1/followed_tags", Access::user, "read:follows", "Hashtags you follow", followed_tags);
  for (bool const follow : {true, false})
    router.add({.method = Method::post,
                .path = follow ? "/api/v1/tags/:name/follow" : "/api/v1/tags/:name/unfollow",
                .scope = "write:follows",
                .summary = follow ? "Follows a hashtag" : "No longer follows a hashtag"},
               std::bind_front(follow_tag, std::ref(timeline), std::ref(hydrator), follow));
}

}  // namespace kith::timeline
