#include "gateway/pages/public.h"

#include <functional>
#include <memory>

#include "base/text.h"
#include "gateway/http/paging.h"
#include "gateway/pages/article.h"
#include "gateway/pages/page.h"
#include "gateway/text/render.h"
#include "gateway/text/sanitize.h"

namespace kith {
namespace {

constexpr std::uint32_t posts_a_page = 20;
constexpr std::size_t preview_max = 200;

struct Site {
  PublicPages with;
  ArticleWriter writer;

  explicit Site(PublicPages given)
      : with(std::move(given)), writer({with.posts, with.users, with.pages, with.hydrator}) {}

  PageHead head(std::string title, std::string path) const {
    PageHead head{.title = std::move(title), .site = with.community};
    head.title += " · " + with.community;
    head.url = with.hydrator.base_url() + path;
    return head;
  }
};
using SitePtr = std::shared_ptr<Site const>;
using PageHandler = Task<Response> (*)(SitePtr, Request);

[[noreturn]] void nothing_here() { throw Error{Code::not_found, "There is nothing here"}; }

// What is hidden and what never was look the same.
Task<Response> or_not_found(PageHandler handler, SitePtr site, Request request) {
  try {
    co_return co_await handler(site, std::move(request));
  } catch (Error const& error) {
    if (error.code != Code::not_found && error.code != Code::invalid) throw;
  }
  co_return page("Not here · " + site->with.community,
                 "<h1>Not here</h1><p>There is nothing at this address, or it is not for everybody. If you are a "
                 "member, look for it in your app.</p><p><a href=\"/\">" +
                     escaped(site->with.community) + "</a></p>",
                 404);
}

std::string preview_of(std::string_view text) {
  auto const start = first_graphemes(text, preview_max);
  return std::string(start) + (start.size() < text.size() ? "…" : "");
}

std::string older(std::string_view path, bool more, PostId last) {
  if (!more || !last) return {};
  return "<p><a rel=\"next\" href=\"" + escaped(path) + "?max_id=" + to_string(last) + "\">Older posts</a></p>";
}

Task<views::Account> account_of(SitePtr site, Call call, AccountId id) {
  users::Accounts one;
  one.accounts.push_back(id);
  auto const people = co_await site->with.users.people(call, std::move(one));
  users::Person const& person = people.people.front();
  if (person.version == 0 || person.state != users::State::active) nothing_here();
  pages::AccountsRequest stamp;
  stamp.accounts.push_back(id);
  auto const stamps = co_await site->with.pages.accounts(call, std::move(stamp));
  co_return site->with.hydrator.view_of(person, stamps.accounts.front());
}

std::string profile_html(views::Account const& account) {
  std::string out =
      "<p class=\"by\"><img src=\"" + escaped(account.avatar) + "\" alt=\"\" width=\"96\" height=\"96\"></p>";
  out +=
      "<h1>" + escaped(name_of(account)) + "</h1><p class=\"soft\">@" + escaped(account.handle) + "</p>" + account.note;
  if (!account.fields.empty()) {
    out += "<dl>";
    for (auto const& field : account.fields) out += "<dt>" + escaped(field.name) + "</dt><dd>" + field.value + "</dd>";
    out += "</dl>";
  }
  return out;
}

Task<Response> profile(SitePtr site, Request request) {
  users::Handles one;
  one.handles.push_back(request.text("name"));
  auto const found = co_await site->with.users.by_handle(request.call(), std::move(one));
  if (!found.accounts.front()) nothing_here();
  auto const account = co_await account_of(site, request.call(), found.accounts.front());
  posts::AuthorRequest wanted{.author = found.accounts.front(), .limit = posts_a_page, .exclude_replies = true};
  wanted.max = request.maybe_id<PostId>("max_id").value_or(PostId{});
  auto list = co_await site->with.posts.by_author(request.call(), std::move(wanted));
  auto const articles = co_await site->writer.write_seen(request.call(), std::move(list.posts));

  std::string const path = "/@" + account.handle;
  PageHead head = site->head(name_of(account) + " (@" + account.handle + ")", path);
  head.kind = "profile";
  head.description = preview_of(text::plain_text(account.note));
  head.image = account.avatar;
  head.indexed = account.indexable;
  std::string out = profile_html(account) + articles.html();
  if (articles.posts.empty()) out += "<p class=\"soft\">No posts that everybody may read.</p>";
  co_return page(head, out + older(path, list.more, list.examined));
}

// Mentions link to people by id, so that a new handle breaks no post.
Task<Response> person(SitePtr site, Request request) {
  auto const account = co_await account_of(site, request.call(), request.id<AccountId>("id"));
  co_return Response::redirect("/@" + account.handle);
}

Task<Response> post_of(SitePtr, Request request) {
  co_return Response::redirect("/posts/" + to_string(request.id<PostId>("id")));
}

Task<Response> post(SitePtr site, Request request) {
  PostId const id = request.id<PostId>("id");
  pages::PostsRequest one;
  one.posts.push_back(id);
  auto shown = co_await site->with.pages.statuses(request.call(), std::move(one));
  if (shown.statuses.empty()) nothing_here();
  auto const main = co_await site->writer.write(request.call(), std::move(shown));
  Articles::One const& post = main.posts.front();
  posts::ThreadRequest const around{.post = id};
  auto thread = co_await site->with.posts.thread(request.call(), around);
  if (thread.ancestors.size() > posts_a_page)
    thread.ancestors.erase(thread.ancestors.begin(), thread.ancestors.end() - posts_a_page);
  auto const above = co_await site->writer.write_seen(request.call(), std::move(thread.ancestors));
  if (thread.descendants.size() > posts_a_page) thread.descendants.resize(posts_a_page);
  auto const below = co_await site->writer.write_seen(request.call(), std::move(thread.descendants));

  PageHead head = site->head(name_of(post.author) + " (@" + post.author.handle + ")", "/posts/" + to_string(id));
  head.kind = "article";
  head.description = preview_of(post.text);
  head.image = post.author.avatar;
  head.published_at = post.written_at;
  head.indexed = post.author.indexable;
  std::string out = "<h1>" + escaped(name_of(post.author)) + "</h1>" + above.html();
  out += "<div id=\"post\">" + post.html + "</div>";
  if (!below.posts.empty()) out += "<h2>Answers</h2>" + below.html();
  co_return page(head, out);
}

Task<Response> tag(SitePtr site, Request request) {
  std::string const name = text::tag_key(request.text("name"));
  if (name.empty()) nothing_here();
  timeline::PageRequest wanted{.limit = posts_a_page, .tag = name};
  wanted.max = request.maybe_id<PostId>("max_id").value_or(PostId{});
  auto list = co_await site->with.timeline.tagged(request.call(), std::move(wanted));
  auto const articles = co_await site->writer.write(request.call(), std::move(list.page));
  std::string const path = "/tags/" + text::percent_encoded(name);
  PageHead head = site->head("#" + name, path);
  head.description = "Public posts with #" + name;
  std::string out = "<h1>#" + escaped(name) + "</h1>" + articles.html();
  if (articles.posts.empty()) out += "<p class=\"soft\">No public posts with this hashtag.</p>";
  co_return page(head, out + older(path, list.more, list.last));
}

}  // namespace

void public_pages(Router& router, PublicPages pages) {
  auto const site = std::make_shared<Site const>(std::move(pages));
  auto const get = [&](std::string_view path, std::string_view summary, PageHandler handler) {
    router.add({.path = path, .access = Access::none, .summary = summary},
               std::bind_front(or_not_found, handler, site));
  };
  get("/@:name", "Page: a person and their public posts", profile);
  get("/@:name/:id", "Page: leads to a post", post_of);
  get("/users/:id", "Page: leads to a person", person);
  get("/posts/:id", "Page: a public post and its thread", post);
  get("/tags/:name", "Page: public posts with a hashtag", tag);
}

}  // namespace kith
