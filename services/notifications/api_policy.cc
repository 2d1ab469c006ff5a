#include "services/notifications/api_policy.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "gateway/http/paging.h"
#include "gateway/views/notification.h"
#include "ports/clock/ids.h"

namespace kith::notifications {
namespace {

std::string_view word_of(Hold hold) {
  switch (hold) {
    case Hold::filter: return "filter";
    case Hold::drop: return "drop";
    default: return "accept";
  }
}

std::optional<Hold> hold_of(Request const& request, std::string_view name) {
  auto const word = request.maybe_text(name);
  if (!word) return std::nullopt;
  for (Hold const hold : {Hold::accept, Hold::filter, Hold::drop})
    if (*word == word_of(hold)) return hold;
  throw Error{Code::invalid, std::string(name) + " must be accept, filter or drop"};
}

// The first version of this API knew two of the three.
std::optional<Hold> filter_of(Request const& request, std::string_view name) {
  auto const on = request.maybe_flag(name);
  return on ? std::optional(*on ? Hold::filter : Hold::accept) : std::nullopt;
}

views::NotificationPolicy view_of(PolicyView const& view) {
  return {.not_following = word_of(view.not_following),
          .not_followers = word_of(view.not_followers),
          .new_accounts = word_of(view.new_accounts),
          .private_mentions = word_of(view.private_mentions),
          .limited_accounts = word_of(view.limited_accounts),
          .requests = view.requests,
          .notifications = view.notifications};
}

using Append = void (*)(std::string&, views::NotificationPolicy const&);

Task<Response> show_policy(NotificationsService& notifications, Append append, Request request) {
  auto const view = co_await notifications.policy(request.call());
  std::string out;
  append(out, view_of(view));
  co_return Response::json(std::move(out));
}

Task<Response> set_policy(NotificationsService& notifications, Append append, Request request) {
  PolicyChange const change{.not_following = hold_of(request, "for_not_following"),
                            .not_followers = hold_of(request, "for_not_followers"),
                            .new_accounts = hold_of(request, "for_new_accounts"),
                            .private_mentions = hold_of(request, "for_private_mentions"),
                            .limited_accounts = hold_of(request, "for_limited_accounts")};
  co_await notifications.set_policy(request.call(), change);
  co_return co_await show_policy(notifications, append, std::move(request));
}

Task<Response> set_policy_v1(NotificationsService& notifications, Append append, Request request) {
  PolicyChange const change{.not_following = filter_of(request, "filter_not_following"),
                            .not_followers = filter_of(request, "filter_not_followers"),
                            .new_accounts = filter_of(request, "filter_new_accounts"),
                            .private_mentions = filter_of(request, "filter_private_mentions")};
  co_await notifications.set_policy(request.call(), change);
  co_return co_await show_policy(notifications, append, std::move(request));
}

// Each with the person and the post they last wrote about, both asked for once.
Task<std::vector<std::string>> shown(Hydrator& hydrator, Call call, std::vector<SenderItem> senders) {
  std::vector<AccountId> people;
  std::vector<PostId> posts;
  for (SenderItem const& sender : senders) {
    people.push_back(sender.sender);
    if (sender.last_post && std::ranges::find(posts, sender.last_post) == posts.end())
      posts.push_back(sender.last_post);
  }
  std::vector<std::string> out;
  if (people.empty()) co_return out;
  auto const accounts = co_await hydrator.accounts(call, std::move(people));
  ShownPage statuses;
  if (!posts.empty()) statuses = co_await hydrator.show_posts(call, std::move(posts));
  for (std::size_t i = 0; i < senders.size(); ++i) {
    if (!accounts[i]) continue;
    views::NotificationRequest view{.id = senders[i].sender.value, .count = senders[i].count, .account = *accounts[i]};
    view.created_at = time_of_id(senders[i].oldest.value);
    view.updated_at = time_of_id(senders[i].newest.value);
    auto const at = std::ranges::find(statuses.ids, senders[i].last_post);
    if (at != statuses.ids.end())
      view.last_status = &statuses.statuses[static_cast<std::size_t>(at - statuses.ids.begin())];
    views::append_notification_request(out.emplace_back(), view);
  }
  co_return out;
}

Task<Response> requests(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  Paging const paging = paging_of(request, 40, 80);
  SendersRequest const wanted{.max = AccountId{paging.max_id},
                              .since = AccountId{paging.since_id},
                              .min = AccountId{paging.min_id},
                              .limit = static_cast<std::uint32_t>(paging.limit)};
  auto const page = co_await notifications.requests(request.call(), wanted);
  std::string out = "[";
  for (auto const& one : co_await shown(hydrator, request.call(), page.senders))
    (out += out.size() > 1 ? "," : "") += one;
  Response response = Response::json(out + "]");
  if (!page.senders.empty())
    link_pages(response, request, page.senders.front().sender.value, page.more ? page.senders.back().sender.value : 0);
  co_return response;
}

Task<Response> one_request(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  SenderRequest const wanted{request.id<AccountId>("id")};
  std::vector<SenderItem> one(1);
  one.front() = co_await notifications.request(request.call(), wanted);
  auto shown_one = co_await shown(hydrator, request.call(), std::move(one));
  if (shown_one.empty()) throw Error{Code::not_found, "Record not found"};
  co_return Response::json(std::move(shown_one.front()));
}

// One by the path, or several by id[].
Task<Response> answer(NotificationsService& notifications, bool let_in, Request request) {
  AnswerSenders wanted{.let_in = let_in};
  if (request.route().find(":id") != std::string_view::npos)
    wanted.senders.push_back(request.id<AccountId>("id"));
  else
    wanted.senders = request.ids<AccountId>("id");
  if (wanted.senders.empty() || wanted.senders.size() > 100)
    throw Error{Code::invalid, "id[] names one to 100 requests"};
  co_await notifications.answer(request.call(), std::move(wanted));
  co_return Response::nothing();
}

// What is let in shows in the next answer already.
Task<Response> merged(Request) {
  std::string out;
  JsonWriter(out).begin().yes("merged", true).end();
  co_return Response::json(std::move(out));
}

}  // namespace

void policy_api(Router& router, NotificationsService& service, Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  auto const get = [&](std::string_view path, std::string_view summary, Handler handler) {
    router.add({.path = path, .scope = "read:notifications", .summary = summary}, std::move(handler));
  };
  auto const post = [&](std::string_view path, std::string_view summary, Handler handler) {
    router.add({.method = Method::post, .path = path, .scope = "write:notifications", .summary = summary},
               std::move(handler));
  };
  auto const patch = [&](std::string_view path, std::vector<ParamDoc> params, Handler handler) {
    router.add({.method = Method::patch,
                .path = path,
                .scope = "write:notifications",
                .summary = "Says what is held back",
                .params = std::move(params)},
               std::move(handler));
  };
  constexpr std::string_view v1 = "/api/v1/notifications/policy", v2 = "/api/v2/notifications/policy";
  get(v1, "What is held back, for older apps",
      bind_front(show_policy, ref(service), &views::append_notification_policy_v1));
  get(v2, "What is held back", bind_front(show_policy, ref(service), &views::append_notification_policy));
  patch(v1,
        {{"filter_not_following", "boolean", "from people you do not follow"},
         {"filter_not_followers", "boolean", "from people who do not follow you"},
         {"filter_new_accounts", "boolean", "from accounts younger than 30 days"},
         {"filter_private_mentions", "boolean", "messages you did not ask for"}},
        bind_front(set_policy_v1, ref(service), &views::append_notification_policy_v1));
  patch(v2,
        {{"for_not_following", "string", "accept, filter or drop: from people you do not follow"},
         {"for_not_followers", "string", "the same: from people who do not follow you"},
         {"for_new_accounts", "string", "the same: from accounts younger than 30 days"},
         {"for_private_mentions", "string", "the same: messages you did not ask for"},
         {"for_limited_accounts", "string", "the same: from people whom moderators limited"}},
        bind_front(set_policy, ref(service), &views::append_notification_policy));
  get("/api/v1/notifications/requests", "Whose notifications are held back",
      bind_front(requests, ref(service), ref(hydrator)));
  get("/api/v1/notifications/requests/merged", "Whether what was let in shows: always", merged);
  get("/api/v1/notifications/requests/:id", "One of them", bind_front(one_request, ref(service), ref(hydrator)));
  post("/api/v1/notifications/requests/accept", "Lets several in", bind_front(answer, ref(service), true));
  post("/api/v1/notifications/requests/dismiss", "Sends several away", bind_front(answer, ref(service), false));
  post("/api/v1/notifications/requests/:id/accept", "Lets somebody in", bind_front(answer, ref(service), true));
  post("/api/v1/notifications/requests/:id/dismiss", "Sends away what they did so far",
       bind_front(answer, ref(service), false));
}

}  // namespace kith::notifications
