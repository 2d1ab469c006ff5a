#include "services/posts/api_scheduled.h"

#include <functional>

#include "gateway/http/paging.h"
#include "gateway/views/scheduled_status.h"
#include "services/posts/api_words.h"

namespace kith::posts {
namespace {

views::ScheduledStatus view_of(DraftItem const& item) {
  views::ScheduledStatus view{.id = item.draft.value, .scheduled_at = item.publish_at, .text = item.post.text};
  view.spoiler = item.post.warning;
  if (item.post.audience.rule != Rule::unspecified) {
    view.visibility = views::name_of(visibility_of(item.post.audience.rule));
    view.audience = audience_word(item.post.audience.rule);
  }
  view.language = item.post.language;
  view.sensitive = item.post.sensitive.value_or(false);
  view.in_reply_to = item.post.parent.value;
  view.quoted = item.post.quoted.value;
  if (item.post.quotes) view.quote_policy = quote_policy_word(*item.post.quotes);
  view.application = item.post.app.value;
  view.idempotency = item.post.idempotency_key;
  return view;
}

Task<Response> list(PostsService& posts, bool undated, Request request) {
  Paging const paging = paging_of(request, 20, 40);
  DraftRequest const wanted{.max = DraftId{paging.max_id},
                            .since = DraftId{std::max(paging.since_id, paging.min_id)},
                            .limit = static_cast<std::uint32_t>(paging.limit),
                            .undated = undated};
  auto const drafts = co_await posts.scheduled(request.call(), wanted);
  std::vector<views::ScheduledStatus> views;
  for (auto const& item : drafts.drafts) views.push_back(view_of(item));
  std::string out;
  views::append_scheduled_statuses(out, views);
  Response response = Response::json(std::move(out));
  if (!drafts.drafts.empty())
    link_pages(response, request, drafts.drafts.front().draft.value,
               drafts.more ? drafts.drafts.back().draft.value : 0);
  co_return response;
}

Task<Response> one_draft(PostsService& posts, bool undated, Request request) {
  DraftRequest const wanted{.draft = request.id<DraftId>("id"), .limit = 1, .undated = undated};
  auto const drafts = co_await posts.scheduled(request.call(), wanted);
  if (drafts.drafts.empty()) throw Error{Code::not_found, "Record not found"};
  co_return scheduled_json(drafts.drafts.front());
}

Task<Response> reschedule(PostsService& posts, Request request) {
  auto const time = parse_time(request.maybe_text("scheduled_at").value_or(""));
  if (!time) throw Error{Code::invalid, "scheduled_at must be a time such as 2030-01-31T12:00:00Z"};
  DraftRequest const wanted{.draft = request.id<DraftId>("id"), .publish_at = *time};
  co_return scheduled_json(co_await posts.reschedule(request.call(), wanted));
}

Task<Response> drop(PostsService& posts, Request request) {
  DraftRequest const wanted{.draft = request.id<DraftId>("id")};
  co_await posts.drop_scheduled(request.call(), wanted);
  co_return Response::nothing();
}

// A new draft, or other words for one that is there.
Task<Response> save(PostsService& posts, bool there, Request request) {
  DraftItem draft{.draft = there ? request.id<DraftId>("id") : DraftId{}, .post = new_post(request)};
  if (draft.post.publish_at != no_time)
    throw Error{Code::invalid, "A draft has no scheduled_at: schedule it as a post"};
  co_return scheduled_json(co_await posts.save_draft(request.call(), std::move(draft)));
}

Task<Response> publish_now(PostsService& posts, Hydrator& hydrator, Request request) {
  DraftRequest const wanted{.draft = request.id<DraftId>("id")};
  auto const published = co_await posts.publish_draft(request.call(), wanted);
  co_return Response::json(co_await hydrator.status(request.call(), published.post));
}

}  // namespace

Response scheduled_json(DraftItem const& item) {
  std::string out;
  views::append_scheduled_status(out, view_of(item));
  return Response::json(std::move(out));
}

void scheduled_api(Router& router, PostsService& posts, Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  router.add({.path = "/api/v1/scheduled_statuses", .scope = "read:statuses", .summary = "What waits to be posted"},
             bind_front(list, ref(posts), false));
  router.add({.path = "/api/v1/scheduled_statuses/:id", .scope = "read:statuses", .summary = "One that waits"},
             bind_front(one_draft, ref(posts), false));
  router.add({.method = Method::put,
              .path = "/api/v1/scheduled_statuses/:id",
              .scope = "write:statuses",
              .summary = "Posts it at another time",
              .params = {{"scheduled_at", "time", "at least five minutes ahead", required}}},
             bind_front(reschedule, ref(posts)));
  router.add({.method = Method::del,
              .path = "/api/v1/scheduled_statuses/:id",
              .scope = "write:statuses",
              .summary = "Drops it"},
             bind_front(drop, ref(posts)));
  router.add({.path = "/api/v1/drafts", .scope = "read:statuses", .summary = "What you have begun to write"},
             bind_front(list, ref(posts), true));
  router.add({.method = Method::post,
              .path = "/api/v1/drafts",
              .scope = "write:statuses",
              .summary = "Keeps a post for later",
              .params = write_params()},
             bind_front(save, ref(posts), false));
  router.add({.path = "/api/v1/drafts/:id", .scope = "read:statuses", .summary = "One draft"},
             bind_front(one_draft, ref(posts), true));
  router.add({.method = Method::put,
              .path = "/api/v1/drafts/:id",
              .scope = "write:statuses",
              .summary = "Keeps other words in its place",
              .params = write_params()},
             bind_front(save, ref(posts), true));
  router.add({.method = Method::del, .path = "/api/v1/drafts/:id", .scope = "write:statuses", .summary = "Drops it"},
             bind_front(drop, ref(posts)));
  router.add({.method = Method::post,
              .path = "/api/v1/drafts/:id/publish",
              .scope = "write:statuses",
              .summary = "Posts it now"},
             bind_front(publish_now, ref(posts), ref(hydrator)));
}

}  // namespace kith::posts
