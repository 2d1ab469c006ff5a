#include "services/notifications/api.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <unordered_set>

#include "base/json.h"
#include "gateway/http/paging.h"
#include "gateway/views/notification.h"
#include "ports/clock/ids.h"
#include "services/notifications/api_policy.h"

namespace kith::notifications {
namespace {

// Friend requests are `follow_request`, acceptance is `follow`, every reaction is `favourite`: what
// existing apps draw.
constexpr std::pair<std::string_view, Kind> words[] = {
    {"mention", Kind::mention}, {"status", Kind::posted},        {"reblog", Kind::shared},
    {"follow", Kind::followed}, {"follow_request", Kind::asked}, {"favourite", Kind::reacted},
    {"update", Kind::edited},   {"quote", Kind::quoted},         {"quoted_update", Kind::quoted_edited},
};

std::string_view word_of(Kind kind) {
  for (auto const& [word, known] : words)
    if (known == kind) return word;
  return "mention";
}

std::vector<Kind> kinds_of(std::vector<std::string> const& asked) {
  std::vector<Kind> kinds;
  for (auto const& word : asked)
    for (auto const& [known, kind] : words)
      if (word == known) kinds.push_back(kind);
  // Only kinds we do not have: nothing fits, rather than everything.
  if (kinds.empty() && !asked.empty()) kinds.push_back(Kind::unspecified);
  return kinds;
}

PageRequest page_request(Request const& request) {
  Paging const paging = paging_of(request, 40, 80);
  PageRequest page{.max = NotificationId{paging.max_id},
                   .since = NotificationId{paging.since_id},
                   .min = NotificationId{paging.min_id},
                   .limit = static_cast<std::uint32_t>(paging.limit)};
  page.kinds = kinds_of(request.texts("types"));
  page.without = kinds_of(request.texts("exclude_types"));
  page.with_held = request.flag("include_filtered");
  page.actor = request.maybe_id<AccountId>("account_id").value_or(AccountId{});
  return page;
}

// The posts and people of some notifications, each asked for once.
struct Shown {
  ShownPage posts;
  std::vector<PostId> post_ids;
  std::vector<AccountId> people;
  std::vector<Fragment> accounts;

  views::StatusPieces const* post(PostId id) const {
    auto const at = std::ranges::find(posts.ids, id);
    return at == posts.ids.end() ? nullptr : &posts.statuses[static_cast<std::size_t>(at - posts.ids.begin())];
  }
  std::string_view account(AccountId id) const {
    auto const at = std::ranges::find(people, id);
    auto const& text = accounts[static_cast<std::size_t>(at - people.begin())];
    return text ? std::string_view(*text) : std::string_view();
  }
};

Task<Shown> show(Hydrator& hydrator, Call call, std::vector<Item> items) {
  Shown shown;
  for (Item const& item : items) {
    if (item.post && std::ranges::find(shown.post_ids, item.post) == shown.post_ids.end())
      shown.post_ids.push_back(item.post);
    if (std::ranges::find(shown.people, item.actor) == shown.people.end()) shown.people.push_back(item.actor);
  }
  if (!shown.post_ids.empty()) shown.posts = co_await hydrator.show_posts(call, shown.post_ids);
  if (!shown.people.empty()) shown.accounts = co_await hydrator.accounts(call, shown.people);
  co_return shown;
}

views::Notification view_of(Item const& item, Shown const& shown) {
  views::Notification view{.id = item.id.value, .type = word_of(item.kind), .created_at = time_of_id(item.id.value)};
  view.account = shown.account(item.actor);
  view.filtered = item.held;
  view.status = item.post ? shown.post(item.post) : nullptr;
  return view;
}

// An account or post that is gone since takes its notification along.
bool whole(views::Notification const& view, Item const& item) {
  return !view.account.empty() && (!item.post || view.status != nullptr);
}

Task<Response> list(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  auto const page = co_await notifications.page(request.call(), page_request(request));
  auto const shown = co_await show(hydrator, request.call(), page.items);
  std::vector<views::Notification> views;
  for (Item const& item : page.items) {
    auto view = view_of(item, shown);
    if (whole(view, item)) views.push_back(view);
  }
  std::string out;
  views::append_notifications(out, views);
  Response response = Response::json(std::move(out));
  if (page.last) link_pages(response, request, page.first.value, page.more ? page.last.value : 0);
  co_return response;
}

Task<Response> one(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  ItemRequest const wanted{request.id<NotificationId>("id")};
  Item const item = co_await notifications.get(request.call(), wanted);
  std::vector<Item> items(1, item);
  auto const shown = co_await show(hydrator, request.call(), std::move(items));
  auto const view = view_of(item, shown);
  if (!whole(view, item)) throw Error{Code::not_found, "Record not found"};
  std::string out;
  views::append_notification(out, view);
  co_return Response::json(std::move(out));
}

Task<Response> dismiss(NotificationsService& notifications, Request request) {
  ItemRequest const wanted{request.id<NotificationId>("id")};
  co_await notifications.dismiss(request.call(), wanted);
  co_return Response::nothing();
}

Task<Response> clear(NotificationsService& notifications, Request request) {
  co_await notifications.clear(request.call());
  co_return Response::nothing();
}

// Up to where the person says to have read.
Task<NotificationId> read_up_to(users::UsersService& users, Call call) {
  users::SettingKeys marker;
  marker.keys.push_back("marker/notifications");
  auto const read = co_await users.settings(call, std::move(marker));
  co_return NotificationId{read.values.empty() ? 0 : parse_id(read.values.front().value).value_or(0)};
}

Response count_json(std::uint64_t count) {
  std::string out;
  JsonWriter(out).begin().number("count", count).end();
  return Response::json(std::move(out));
}

constexpr std::size_t unread_default = 100, unread_max = 1'000;

Task<Response> unread(NotificationsService& notifications, users::UsersService& users, Request request) {
  auto const since = co_await read_up_to(users, request.call());
  CountRequest wanted{.limit = static_cast<std::uint32_t>(paging_of(request, unread_default, unread_max).limit),
                      .since = since,
                      .kinds = kinds_of(request.texts("types")),
                      .without = kinds_of(request.texts("exclude_types"))};
  auto const count = co_await notifications.unread(request.call(), std::move(wanted));
  co_return count_json(count.count);
}

constexpr Kind all_together[] = {Kind::reacted, Kind::shared, Kind::followed};

// Reactions to and shares of one post stand together, and follows of one day.
std::string group_key_of(Item const& item, std::span<Kind const> together) {
  bool const alone = std::ranges::find(together, item.kind) == together.end();
  switch (alone ? Kind::unspecified : item.kind) {
    case Kind::reacted: return "favourite-" + to_string(item.post);
    case Kind::shared: return "reblog-" + to_string(item.post);
    case Kind::followed: return "follow-" + iso_date(time_of_id(item.id.value));
    default: return "ungrouped-" + to_string(item.id);
  }
}

struct Group {
  std::string key;
  std::vector<Item> items;  // newest first
};

std::vector<Group> grouped(std::vector<Item> const& items, std::span<Kind const> together) {
  std::vector<Group> groups;
  for (Item const& item : items) {
    std::string key = group_key_of(item, together);
    auto const at = std::ranges::find(groups, key, &Group::key);
    if (at == groups.end())
      groups.push_back({std::move(key), {item}});
    else
      at->items.push_back(item);
  }
  return groups;
}

std::string groups_json(std::vector<Group> const& groups, Shown const& shown) {
  constexpr std::size_t faces_max = 8;
  std::vector<std::vector<std::uint64_t>> faces(groups.size());
  std::vector<views::NotificationGroup> views;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto const& items = groups[i].items;
    if (items.front().post && shown.post(items.front().post) == nullptr) continue;
    for (Item const& item : items)
      if (faces[i].size() < faces_max && !shown.account(item.actor).empty() &&
          std::ranges::find(faces[i], item.actor.value) == faces[i].end())
        faces[i].push_back(item.actor.value);
    if (faces[i].empty()) continue;
    views::NotificationGroup view{.group_key = groups[i].key, .count = items.size()};
    view.type = word_of(items.front().kind);
    view.latest_id = items.front().id.value;
    view.page_min_id = items.back().id.value;
    view.page_max_id = items.front().id.value;
    view.latest_at = time_of_id(items.front().id.value);
    view.accounts = faces[i];
    view.status = items.front().post.value;
    views.push_back(view);
  }
  std::vector<std::string_view> accounts;
  for (auto const& text : shown.accounts)
    if (text) accounts.push_back(*text);
  std::string out;
  views::append_notification_groups(out, accounts, shown.posts.statuses, views);
  return out;
}

// What stands together. Apps say so when they can draw some kinds only one by one.
std::vector<Kind> together_for(Request const& request) {
  if (request.has("grouped_types")) return kinds_of(request.texts("grouped_types"));
  return {std::begin(all_together), std::end(all_together)};
}

Task<Response> groups(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  auto const page = co_await notifications.page(request.call(), page_request(request));
  auto const shown = co_await show(hydrator, request.call(), page.items);
  Response response = Response::json(groups_json(grouped(page.items, together_for(request)), shown));
  if (page.last) link_pages(response, request, page.first.value, page.more ? page.last.value : 0);
  co_return response;
}

// Among the newest thousand: what fills one group is not walked to its end.
Task<Response> unread_groups(NotificationsService& notifications, users::UsersService& users, Request request) {
  std::size_t const limit = paging_of(request, unread_default, unread_max).limit;
  auto const together = together_for(request);
  auto const since = co_await read_up_to(users, request.call());
  PageRequest wanted{.since = since, .limit = 80};
  wanted.kinds = kinds_of(request.texts("types"));
  wanted.without = kinds_of(request.texts("exclude_types"));
  std::unordered_set<std::string> keys;
  for (std::size_t seen = 0; seen < unread_max && keys.size() < limit;) {
    auto const page = co_await notifications.page(request.call(), wanted);
    for (Item const& item : page.items) keys.insert(group_key_of(item, together));
    if (!page.more || !page.last) break;
    seen += std::max<std::size_t>(page.items.size(), 1);
    wanted.max = page.last;
  }
  co_return count_json(std::min(keys.size(), limit));
}

// The items of one group, found again among the latest: its key says which kind to look through.
Task<std::vector<Item>> items_of(NotificationsService& notifications, Call call, std::string key) {
  constexpr std::size_t pages_max = 5;
  PageRequest wanted{.limit = 80};
  std::string const word = key.substr(0, key.find('-'));
  if (word == "ungrouped") {
    auto const id = parse_id(std::string_view(key).substr(std::min(key.size(), word.size() + 1)));
    ItemRequest const one{NotificationId{id.value_or(0)}};
    std::vector<Item> items;
    items.push_back(co_await notifications.get(call, one));
    co_return items;
  }
  wanted.kinds = kinds_of(std::vector<std::string>(1, word));
  std::vector<Item> items;
  for (std::size_t i = 0; i < pages_max; ++i) {
    auto const page = co_await notifications.page(call, wanted);
    for (Item const& item : page.items)
      if (group_key_of(item, all_together) == key) items.push_back(item);
    if (!page.more || !page.last) break;
    wanted.max = page.last;
  }
  if (items.empty()) throw Error{Code::not_found, "Record not found"};
  co_return items;
}

Task<Response> group(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  auto const items = co_await items_of(notifications, request.call(), request.text("key"));
  auto const shown = co_await show(hydrator, request.call(), items);
  co_return Response::json(groups_json(grouped(items, all_together), shown));
}

Task<Response> group_accounts(NotificationsService& notifications, Hydrator& hydrator, Request request) {
  std::vector<AccountId> people;
  for (Item const& item : co_await items_of(notifications, request.call(), request.text("key")))
    if (std::ranges::find(people, item.actor) == people.end()) people.push_back(item.actor);
  co_return Response::json(co_await hydrator.account_list(request.call(), std::move(people)));
}

Task<Response> dismiss_group(NotificationsService& notifications, Request request) {
  for (Item const& item : co_await items_of(notifications, request.call(), request.text("key"))) {
    ItemRequest const wanted{item.id};
    Call call = request.call();
    call.operation = 0;
    co_await notifications.dismiss(call, wanted);
  }
  co_return Response::nothing();
}

}  // namespace

void notifications_api(Router& router, NotificationsService& service, users::UsersService& users, Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  std::vector<ParamDoc> const params = {{"types[]", "[string]", "only these kinds"},
                                        {"exclude_types[]", "[string]", "without these kinds"},
                                        {"grouped_types[]", "[string]", "v2: only these kinds stand together"},
                                        {"account_id", "id", "only what this person did"},
                                        {"include_filtered", "boolean", "also what your policy holds back"},
                                        {"max_id", "id", "older than"},
                                        {"since_id", "id", "newer than, the newest page"},
                                        {"min_id", "id", "the page just above"},
                                        {"limit", "integer", "40, at most 80"}};
  auto const get = [&](std::string_view path, std::string_view summary, Handler handler) {
    router.add({.path = path, .scope = "read:notifications", .summary = summary, .params = params}, std::move(handler));
  };
  auto const post = [&](std::string_view path, std::string_view summary, Handler handler) {
    router.add({.method = Method::post, .path = path, .scope = "write:notifications", .summary = summary},
               std::move(handler));
  };
  auto const reading = [&](auto handler) { return bind_front(handler, ref(service), ref(hydrator)); };
  get("/api/v1/notifications", "What happened to you", reading(list));
  get("/api/v1/notifications/unread_count", "How many are new", bind_front(unread, ref(service), ref(users)));
  get("/api/v1/notifications/:id", "One notification", reading(one));
  post("/api/v1/notifications/clear", "Clears all", bind_front(clear, ref(service)));
  post("/api/v1/notifications/:id/dismiss", "Dismisses one", bind_front(dismiss, ref(service)));
  get("/api/v2/notifications", "What happened to you, in groups", reading(groups));
  get("/api/v2/notifications/unread_count", "How many groups are new",
      bind_front(unread_groups, ref(service), ref(users)));
  get("/api/v2/notifications/:key", "One group", reading(group));
  get("/api/v2/notifications/:key/accounts", "Who is in a group", reading(group_accounts));
  post("/api/v2/notifications/:key/dismiss", "Dismisses a group", bind_front(dismiss_group, ref(service)));
  policy_api(router, service, hydrator);
}

}  // namespace kith::notifications
