#include "gateway/pages/community.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "gateway/pages/about.h"
#include "gateway/pages/page.h"
#include "gateway/text/sanitize.h"
#include "gateway/views/instance.h"

namespace kith {
namespace {

// What the Mastodon client API calls itself where clients read the first three numbers of it. Claims
// only what is built: 7 is quotes, who may make them, and taking them back.
// A photograph is read to its end, so that the app sees why it is refused.
constexpr std::size_t body_with_picture_max = std::size_t{17} << 20;
constexpr std::string_view api_of = "4.5.0 (compatible; kith ";
constexpr std::uint64_t api_version = 7;

struct Community {
  Live<CommunityPages> const& live;
  users::UsersService& users;
  posts::PostsService& posts;
  Hydrator& hydrator;

  CommunityPages const& pages() const { return live.now(); }
};
using CommunityPtr = std::shared_ptr<Community const>;

std::string host_of(std::string_view base_url) {
  auto const scheme = base_url.find("://");
  return std::string(scheme == std::string_view::npos ? base_url : base_url.substr(scheme + 3));
}

// The account that answers for the community.
Task<Fragment> contact(Community const& community, AccountId admin) {
  if (!community.pages().contact_account.empty()) {
    users::Handles one;
    one.handles.push_back(community.pages().contact_account);
    auto const found = co_await community.users.by_handle(Call{}, std::move(one));
    std::vector<AccountId> ids(1, found.accounts.front());
    auto accounts = co_await community.hydrator.accounts(Call{}, std::move(ids));
    co_return accounts.front();
  }
  if (!admin) co_return nullptr;
  std::vector<AccountId> ids(1, admin);
  auto accounts = co_await community.hydrator.accounts(Call{}, std::move(ids));
  co_return accounts.front();
}

Task<views::Instance> instance_of(Community const& community) {
  CommunityPages const& pages = community.pages();
  auto const people = co_await community.users.totals(Call{});
  auto const posts = co_await community.posts.totals(Call{});
  views::Instance view{.domain = host_of(pages.base_url), .base_url = pages.base_url};
  bool const secure = pages.base_url.starts_with("https://");
  view.stream_url = (secure ? "wss://" : "ws://") + view.domain;
  view.title = pages.name;
  view.version = std::string(api_of) + pages.version + ")";
  view.api_version = api_version;
  view.source_url = pages.source_url;
  view.description = text::sanitize(pages.description);
  view.short_description = text::plain_text(view.description);
  view.thumbnail = pages.base_url + "/headers/1.png";
  view.email = pages.contact_email;
  if (auto const account = co_await contact(community, people.first_admin)) view.contact_account = *account;
  view.languages = pages.languages;
  for (std::size_t i = 0; i < pages.rules.size(); ++i) view.rules.push_back({.id = i + 1, .text = pages.rules[i]});
  view.sign_up = pages.sign_up_open;
  view.approval = pages.approval;
  view.closed_message = text::sanitize(pages.closed_message);
  view.people = people.people;
  view.active_month = people.people;
  view.statuses = posts.posts;
  view.characters_max = pages.characters_max;
  view.note_characters_max = 1'000;
  view.name_characters_max = 60;
  view.fields_max = 8;
  co_return view;
}

Task<Response> instance(void (*append)(std::string&, views::Instance const&), CommunityPtr community, Request) {
  auto const view = co_await instance_of(*community);
  std::string out;
  append(out, view);
  co_return Response::json(std::move(out));
}

Task<Response> rules(CommunityPtr community, Request) {
  auto const view = co_await instance_of(*community);
  std::string out;
  views::append_rules(out, view.rules);
  co_return Response::json(std::move(out));
}

Task<Response> description(CommunityPtr community, Request) {
  std::string out;
  views::append_long_text(out, text::sanitize(community->pages().description), no_time);
  co_return Response::json(std::move(out));
}

Task<Response> nodeinfo_link(CommunityPtr community, Request) {
  std::string out;
  views::append_nodeinfo_link(out, community->pages().base_url);
  co_return Response::json(std::move(out));
}

Task<Response> nodeinfo(CommunityPtr community, Request) {
  auto const view = co_await instance_of(*community);
  std::string out;
  views::append_nodeinfo(out, view, community->pages().version);
  co_return Response::json(std::move(out));
}

Task<Response> host_meta(CommunityPtr community, Request) {
  Response response = Response::text(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/"
      "xri/xrd-1.0\">\n  <Link rel=\"lrdd\" template=\"" +
      escaped(community->pages().base_url) + "/.well-known/webfinger?resource={uri}\"/>\n</XRD>\n");
  response.content_type = "application/xrd+xml; charset=utf-8";
  co_return response;
}

Task<Response> empty_list(Request) { co_return Response::json("[]"); }

// Streaming comes later; apps that look for it fall back to asking again.
Task<Response> no_streaming(Request) {
  co_return Response::error(404, "Streaming is not built yet: ask the timelines again instead");
}

// The same for pictures, which come later too: the sentence is what apps show.
Task<Response> no_pictures(Request) {
  throw Error{Code::invalid, "Pictures cannot be uploaded to this server yet; post without them"};
  co_return Response::nothing();
}

Task<Response> front(CommunityPtr community, Request) {
  CommunityPages const& pages = community->pages();
  std::string body = "<h1>" + escaped(pages.name) + "</h1>";
  body += description_html(pages);
  if (pages.sign_up_open)
    body += "<p><a class=\"button\" href=\"/signup\">Sign up</a></p>";
  else
    body += "<p>New members are not taken at the moment.</p>" + text::sanitize(pages.closed_message);
  body +=
      "<h2>Read and post with an app</h2><p>Any app that works with Mastodon works here: Tusky (Android), Ice Cubes "
      "and Ivory (iPhone), Elk and Phanpy (in a browser), toot (terminal). Add this server:</p><p><code>" +
      escaped(pages.base_url) + "</code></p>";
  body += rules_html(pages) + contact_html(pages);
  body += "<p><a href=\"/about\">About</a> · <a href=\"/privacy-policy\">Privacy</a></p>";
  body += "<p class=\"soft\">Run with kith " + escaped(pages.version) +
          ", free software under AGPL-3.0-or-later: <a href=\"" + escaped(pages.source_url) +
          "\">its source</a>. <a href=\"/api/openapi.json\">The API</a></p>";
  co_return page(pages.name, body);
}

Task<Response> about(CommunityPtr community, Request) {
  auto const view = co_await instance_of(*community);
  CommunityPages const& pages = community->pages();
  std::string body = "<h1>About " + escaped(pages.name) + "</h1>" + description_html(pages) + rules_html(pages);
  body += contact_html(pages);
  body += "<p class=\"soft\">" + std::to_string(view.people) + " people, " + std::to_string(view.statuses) +
          " posts.</p><p><a href=\"/\">" + escaped(pages.name) + "</a> · <a href=\"/privacy-policy\">Privacy</a></p>";
  PageHead head{.title = "About " + pages.name, .url = pages.base_url + "/about"};
  head.description = view.short_description;
  head.site = pages.name;
  co_return page(head, body);
}

Task<Response> privacy(CommunityPtr community, Request) {
  CommunityPages const& pages = community->pages();
  PageHead head{.title = "Privacy · " + pages.name, .url = pages.base_url + "/privacy-policy"};
  head.site = pages.name;
  std::string const body = "<h1>Privacy</h1>" + privacy_html(pages);
  co_return page(head, body + "<p><a href=\"/\">" + escaped(pages.name) + "</a></p>");
}

Task<Response> privacy_policy(CommunityPtr community, Request) {
  std::string out;
  views::append_long_text(out, privacy_html(community->pages()), no_time);
  co_return Response::json(std::move(out));
}

}  // namespace

void community_api(Router& router, Live<CommunityPages> const& pages, users::UsersService& users,
                   posts::PostsService& posts, Hydrator& hydrator) {
  auto const community = std::make_shared<Community const>(Community{pages, users, posts, hydrator});
  using std::bind_front;
  auto const get = [&](std::string_view path, std::string_view summary, auto handler) {
    router.add({.path = path, .access = Access::none, .summary = summary}, handler);
  };
  get("/", "Page: what this community is", bind_front(front, community));
  get("/about", "Page: about this community", bind_front(about, community));
  get("/privacy-policy", "Page: what is kept, and who sees it", bind_front(privacy, community));
  get("/api/v1/instance/privacy_policy", "What is kept, and who sees it", bind_front(privacy_policy, community));
  get("/api/v1/instance", "This community, for older apps",
      bind_front(instance, &views::append_instance_v1, community));
  get("/api/v2/instance", "This community", bind_front(instance, &views::append_instance_v2, community));
  get("/api/v1/instance/rules", "Its rules", bind_front(rules, community));
  get("/api/v1/instance/extended_description", "Its description", bind_front(description, community));
  get("/api/v1/custom_emojis", "There are none yet", empty_list);
  router.add({.path = "/api/v1/announcements", .summary = "There are none yet"}, empty_list);
  get("/api/v1/streaming", "Not built yet", no_streaming);
  get("/api/v1/streaming/*rest", "Not built yet", no_streaming);
  for (std::string_view const path : {"/api/v1/media", "/api/v2/media"})
    router.add({.method = Method::post,
                .path = path,
                .scope = "write:media",
                .limit = LimitClass::media,
                .body_max = body_with_picture_max,
                .summary = "Refused: pictures cannot be uploaded yet"},
               no_pictures);
  get("/.well-known/nodeinfo", "Where NodeInfo is", bind_front(nodeinfo_link, community));
  get("/nodeinfo/2.0", "What software this is", bind_front(nodeinfo, community));
  get("/.well-known/host-meta", "For apps that look for it", bind_front(host_meta, community));
}

}  // namespace kith
