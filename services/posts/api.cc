#include "services/posts/api.h"

#include <algorithm>
#include <functional>

#include "gateway/http/paging.h"
#include "gateway/views/context.h"
#include "gateway/views/status_edit.h"
#include "services/posts/api_scheduled.h"
#include "services/posts/api_words.h"

namespace kith::posts {
namespace {

Response one(ShownPage const& shown) {
  std::string out;
  views::append_status(out, shown.statuses.front());
  return Response::json(std::move(out));
}

Task<Response> publish(PostsService& posts, Hydrator& hydrator, Request request) {
  NewPost post = new_post(request);
  bool const scheduled = post.publish_at != no_time;
  Call call = request.call();
  if (post.idempotency_key.empty()) call.operation = 0;  // each run is a post of its own
  auto const published = co_await posts.publish(call, post);
  if (scheduled) {
    DraftItem const item{.draft = published.draft, .publish_at = post.publish_at, .post = std::move(post)};
    co_return scheduled_json(item);
  }
  co_return one(co_await hydrator.show_post(request.call(), published.post));
}

Task<Response> show(Hydrator& hydrator, Request request) {
  co_return one(co_await hydrator.show_post(request.call(), request.id<PostId>("id")));
}

Task<Response> show_many(Hydrator& hydrator, Request request) {
  auto ids = request.ids<PostId>("id");
  if (ids.size() > 100) throw Error{Code::invalid, "Ask for at most 100 posts at once"};
  auto const shown = co_await hydrator.show_posts(request.call(), std::move(ids));
  co_return Response::json(shown.json());
}

Task<Content> current_words(PostsService& posts, Call call, PostId post) {
  SeeRequest see{.posts = {post}};
  auto const seen = co_await posts.see(call, std::move(see));
  if (!seen.posts.front().visible) throw Error{Code::not_found, "Record not found"};
  ContentKeys keys;
  keys.keys.push_back({post, seen.posts.front().facts.content_version});
  auto contents = co_await posts.contents(call, std::move(keys));
  co_return std::move(contents.contents.front());
}

Task<Response> edit(PostsService& posts, Hydrator& hydrator, Request request) {
  PostId const post = request.id<PostId>("id");
  co_await posts.edit(request.call(), edit_of(request, post));
  co_return one(co_await hydrator.show_post(request.call(), post));
}

// Who may quote it, without going through an edit.
Task<Response> set_interactions(PostsService& posts, Hydrator& hydrator, Request request) {
  EditPost edit{.post = request.id<PostId>("id")};
  edit.quotes = quote_policy_in(request, "quote_approval_policy");
  PostId const post = edit.post;
  co_await posts.edit(request.call(), std::move(edit));
  co_return one(co_await hydrator.show_post(request.call(), post));
}

Task<Response> revoke_quote(PostsService& posts, Hydrator& hydrator, Request request) {
  RevokeRequest const wanted{request.id<PostId>("id"), request.id<PostId>("quote")};
  co_await posts.revoke_quote(request.call(), wanted);
  co_return one(co_await hydrator.show_post(request.call(), wanted.quote));
}

// The answer is the post as it was, with its words as typed, so that an app can offer to write it again.
Task<Response> remove(PostsService& posts, Hydrator& hydrator, Request request) {
  PostId const post = request.id<PostId>("id");
  auto shown = co_await hydrator.show_post(request.call(), post);
  Content const words = co_await current_words(posts, request.call(), post);
  PostRequest const gone{post};
  co_await posts.delete_(request.call(), gone);
  shown.statuses.front().source_text = words.text;
  shown.statuses.front().deleted = true;
  co_return one(shown);
}

Task<Response> source(PostsService& posts, Request request) {
  PostId const post = request.id<PostId>("id");
  Content const words = co_await current_words(posts, request.call(), post);
  std::string out;
  views::append_status_source(out, {.id = post.value, .text = words.text, .spoiler = words.warning});
  co_return Response::json(std::move(out));
}

Task<Response> history(PostsService& posts, Hydrator& hydrator, Request request) {
  PostRequest const wanted{request.id<PostId>("id")};
  auto const list = co_await posts.history(request.call(), wanted);
  std::vector<std::string> html;
  std::vector<views::StatusEdit> edits;
  Fragment author;
  for (auto const& item : list.versions) {
    if (!author) author = co_await hydrator.account(request.call(), item.content.author);
    html.push_back(hydrator.html_of(item.content));
  }
  for (std::size_t i = 0; i < list.versions.size(); ++i) {
    auto const& item = list.versions[i];
    edits.push_back({.html = html[i],
                     .spoiler = item.content.warning,
                     .sensitive = item.content.sensitive,
                     .created_at = item.at,
                     .account = *author});
  }
  std::string out;
  views::append_status_edits(out, edits);
  co_return Response::json(std::move(out));
}

Task<Response> context(PostsService& posts, Hydrator& hydrator, Request request) {
  ThreadRequest const wanted{request.id<PostId>("id")};
  auto thread = co_await posts.thread(request.call(), wanted);
  auto const above = co_await hydrator.show_seen(request.call(), std::move(thread.ancestors));
  auto const below = co_await hydrator.show_seen(request.call(), std::move(thread.descendants));
  std::string out;
  views::append_context(out, above.statuses, below.statuses);
  co_return Response::json(std::move(out));
}

Task<Response> share(PostsService& posts, Hydrator& hydrator, Request request) {
  ShareRequest wanted{.post = request.id<PostId>("id")};
  if (auto const word = request.maybe_text("visibility")) wanted.audience.rule = rule_in(*word, "visibility");
  wanted.within_audience = request.flag("within_audience");
  auto const shared = co_await posts.share(request.call(), std::move(wanted));
  co_return one(co_await hydrator.show_post(request.call(), shared.post));
}

// Apps may name the share itself; what is left to show is what it shared.
Task<Response> unshare(PostsService& posts, Hydrator& hydrator, Request request) {
  PostRequest const wanted{request.id<PostId>("id")};
  SeeRequest asked{.posts = {wanted.post}, .verdict_only = true};
  auto const seen = co_await posts.see(request.call(), std::move(asked));
  SeenPost const& post = seen.posts.front();
  PostId const shown = post.visible && post.target && post.facts.kind == Kind::share ? post.target->post : wanted.post;
  co_await posts.unshare(request.call(), wanted);
  co_return one(co_await hydrator.show_post(request.call(), shown));
}

using SwitchCall = Task<void> (PostsService::*)(Call, Switch);

Task<Response> turn(PostsService& posts, Hydrator& hydrator, SwitchCall what, bool on, Request request) {
  Switch const wanted{request.id<PostId>("id"), on};
  co_await (posts.*what)(request.call(), wanted);
  co_return one(co_await hydrator.show_post(request.call(), wanted.post));
}

void link(Response& response, Request const& request, PostPage const& page, ShownPage const& shown) {
  if (!page.examined) return;
  std::uint64_t const newest = shown.ids.empty() ? page.examined.value : shown.ids.front().value;
  link_pages(response, request, newest, page.more ? page.examined.value : 0);
}

Task<Response> page_json(Hydrator& hydrator, Request request, PostPage page) {
  auto const shown = co_await hydrator.show_seen(request.call(), std::move(page.posts));
  Response response = Response::json(shown.json());
  link(response, request, page, shown);
  co_return response;
}

Task<Response> by_author(PostsService& posts, Hydrator& hydrator, Request request) {
  Paging const paging = paging_of(request, 20, 40);
  AuthorRequest wanted{.author = request.id<AccountId>("id"),
                       .max = PostId{paging.max_id},
                       .since = PostId{paging.since_id},
                       .min = PostId{paging.min_id},
                       .limit = static_cast<std::uint32_t>(paging.limit)};
  wanted.exclude_replies = request.flag("exclude_replies");
  wanted.exclude_shares = request.flag("exclude_reblogs");
  wanted.only_media = request.flag("only_media");
  wanted.tagged = request.maybe_text("tagged").value_or("");
  wanted.pinned = request.flag("pinned");
  auto page = co_await posts.by_author(request.call(), std::move(wanted));
  co_return co_await page_json(hydrator, std::move(request), std::move(page));
}

PeopleRequest people_request(Request const& request) {
  Paging const paging = paging_of(request, 40, 80);
  return {.post = request.id<PostId>("id"),
          .max = paging.max_id,
          .since = std::max(paging.since_id, paging.min_id),
          .limit = static_cast<std::uint32_t>(paging.limit)};
}

Task<Response> quotes(PostsService& posts, Hydrator& hydrator, Request request) {
  auto page = co_await posts.quotes(request.call(), people_request(request));
  co_return co_await page_json(hydrator, std::move(request), std::move(page));
}

Task<Response> shared_by(PostsService& posts, Hydrator& hydrator, Request request) {
  auto const page = co_await posts.shared_by(request.call(), people_request(request));
  std::vector<AccountId> people;
  for (auto const& person : page.people) people.push_back(person.person);
  Response response = Response::json(co_await hydrator.account_list(request.call(), std::move(people)));
  if (!page.people.empty()) link_pages(response, request, page.people.front().id, page.more ? page.examined : 0);
  co_return response;
}

}  // namespace

void posts_api(Router& router, PostsService& posts, Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  auto const both = [&](auto handler) { return bind_front(handler, ref(posts), ref(hydrator)); };
  auto const read = [&](std::string_view path, std::string_view summary, Handler handler,
                        std::vector<ParamDoc> params = {}) {
    router.add({.path = path,
                .access = Access::open,
                .scope = "read:statuses",
                .summary = summary,
                .params = std::move(params)},
               std::move(handler));
  };
  auto const act = [&](std::string_view path, std::string_view scope, std::string_view summary, Handler handler,
                       std::vector<ParamDoc> params = {}) {
    router.add({.method = Method::post, .path = path, .scope = scope, .summary = summary, .params = std::move(params)},
               std::move(handler));
  };
  std::vector<ParamDoc> const paging = {{"max_id", "id", "older than"},
                                        {"since_id", "id", "newer than, the newest page"},
                                        {"min_id", "id", "the page just above"},
                                        {"limit", "integer", "of a page"}};
  act("/api/v1/statuses", "write:statuses", "Posts, answers, quotes, or schedules", both(publish), write_params());
  read("/api/v1/statuses", "Several posts", bind_front(show_many, ref(hydrator)),
       {{"id[]", "[id]", "at most 100", required}});
  read("/api/v1/statuses/:id", "One post", bind_front(show, ref(hydrator)));
  router.add({.method = Method::put,
              .path = "/api/v1/statuses/:id",
              .scope = "write:statuses",
              .summary = "Edits a post; its audience too, at once",
              .params = write_params()},
             both(edit));
  router.add({.method = Method::put,
              .path = "/api/v1/statuses/:id/interaction_policy",
              .scope = "write:statuses",
              .summary = "Says who may quote a post",
              .params = {{"quote_approval_policy", "string", "public, followers or nobody"}}},
             both(set_interactions));
  act("/api/v1/statuses/:id/quotes/:quote/revoke", "write:statuses", "Takes your post out of a quote, for good",
      both(revoke_quote));
  router.add({.method = Method::del,
              .path = "/api/v1/statuses/:id",
              .scope = "write:statuses",
              .limit = LimitClass::deletes,
              .summary = "Deletes a post"},
             both(remove));
  read("/api/v1/statuses/:id/context", "The conversation around a post", both(context));
  router.add({.path = "/api/v1/statuses/:id/source", .scope = "read:statuses", .summary = "The words as typed"},
             bind_front(source, ref(posts)));
  read("/api/v1/statuses/:id/history", "Every version of a post", both(history));
  read("/api/v1/statuses/:id/quotes", "Who quotes a post", both(quotes), paging);
  read("/api/v1/statuses/:id/reblogged_by", "Who shared a post", both(shared_by), paging);
  act("/api/v1/statuses/:id/reblog", "write:statuses", "Shares a post", both(share),
      {{"visibility", "string", "of the share"}, {"within_audience", "boolean", "among those who may see it"}});
  act("/api/v1/statuses/:id/unreblog", "write:statuses", "Takes a share back", both(unshare));
  struct Turn {
    std::string_view path, scope, summary;
    SwitchCall what;
    bool on;
  };
  for (Turn const& each :
       {Turn{"/api/v1/statuses/:id/pin", "write:accounts", "Shows a post first on your profile", &PostsService::pin,
             true},
        Turn{"/api/v1/statuses/:id/unpin", "write:accounts", "No longer first", &PostsService::pin, false},
        Turn{"/api/v1/statuses/:id/mute", "write:mutes", "Silences a conversation", &PostsService::mute_thread, true},
        Turn{"/api/v1/statuses/:id/unmute", "write:mutes", "No longer silent", &PostsService::mute_thread, false}})
    act(each.path, each.scope, each.summary, bind_front(turn, ref(posts), ref(hydrator), each.what, each.on));
  std::vector<ParamDoc> of_person = paging;
  of_person.insert(of_person.end(), {{"pinned", "boolean", "only the pinned"},
                                     {"exclude_replies", "boolean", "without answers to others"},
                                     {"exclude_reblogs", "boolean", "without shares"},
                                     {"only_media", "boolean", "with pictures"},
                                     {"tagged", "string", "with this hashtag"}});
  read("/api/v1/accounts/:id/statuses", "What somebody posted", both(by_author), of_person);
  scheduled_api(router, posts, hydrator);
}

}  // namespace kith::posts
