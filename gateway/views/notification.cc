#include "gateway/views/notification.h"

#include "base/json.h"
#include "gateway/views/search.h"

namespace kith::views {
namespace {

constexpr std::string_view ungrouped = "ungrouped-";

void put_status(JsonWriter& json, std::string& out, std::string_view name, StatusPieces const* status) {
  if (status == nullptr) {
    json.null(name);
  } else {
    json.key(name);
    append_status(out, *status);
  }
}

void put(std::string& out, Notification const& notification) {
  JsonWriter json(out);
  json.begin().id("id", notification.id).text("type", notification.type).time("created_at", notification.created_at);
  if (notification.group_key.empty())
    json.text("group_key", std::string(ungrouped) + std::to_string(notification.id));
  else
    json.text("group_key", notification.group_key);
  json.raw("account", notification.account.empty() ? "null" : notification.account);
  put_status(json, out, "status", notification.status);
  if (notification.filtered) json.yes("filtered", true);
  json.null("report").null("event").null("moderation_warning").end();
}

void put(JsonWriter& json, NotificationGroup const& group) {
  json.begin()
      .text("group_key", group.group_key)
      .number("notifications_count", group.count)
      .text("type", group.type)
      // The one id that is a number: documented so, and Ice Cubes reads nothing else.
      .number("most_recent_notification_id", group.latest_id)
      .id("page_min_id", group.page_min_id)
      .id("page_max_id", group.page_max_id)
      .time("latest_page_notification_at", group.latest_at)
      .list("sample_account_ids");
  for (std::uint64_t const account : group.accounts) json.id_item(account);
  json.end_list().id("status_id", group.status).null("report").null("event").null("moderation_warning").end();
}

void put_summary(JsonWriter& json, NotificationPolicy const& policy) {
  json.begin("summary")
      .number("pending_requests_count", policy.requests)
      .number("pending_notifications_count", policy.notifications)
      .end()
      .end();
}

}  // namespace

void append_notification(std::string& out, Notification const& notification) { put(out, notification); }

void append_notifications(std::string& out, std::span<Notification const> notifications) {
  out += '[';
  for (std::size_t i = 0; i < notifications.size(); ++i) {
    if (i > 0) out += ',';
    put(out, notifications[i]);
  }
  out += ']';
}

void append_notification_groups(std::string& out, std::span<std::string_view const> accounts,
                                std::span<StatusPieces const> statuses, std::span<NotificationGroup const> groups) {
  JsonWriter json(out);
  json.begin().key("accounts");
  append_joined(out, accounts);
  json.list("partial_accounts").end_list().key("statuses");
  append_statuses(out, statuses);
  json.list("notification_groups");
  for (NotificationGroup const& group : groups) put(json, group);
  json.end_list().end();
}

void append_notification_policy(std::string& out, NotificationPolicy const& policy) {
  JsonWriter json(out);
  json.begin()
      .text("for_not_following", policy.not_following)
      .text("for_not_followers", policy.not_followers)
      .text("for_new_accounts", policy.new_accounts)
      .text("for_private_mentions", policy.private_mentions)
      .text("for_limited_accounts", policy.limited_accounts);
  put_summary(json, policy);
}

void append_notification_policy_v1(std::string& out, NotificationPolicy const& policy) {
  JsonWriter json(out);
  json.begin()
      .yes("filter_not_following", policy.not_following != "accept")
      .yes("filter_not_followers", policy.not_followers != "accept")
      .yes("filter_new_accounts", policy.new_accounts != "accept")
      .yes("filter_private_mentions", policy.private_mentions != "accept");
  put_summary(json, policy);
}

void append_notification_request(std::string& out, NotificationRequest const& request) {
  JsonWriter json(out);
  json.begin()
      .id("id", request.id)
      .time("created_at", request.created_at)
      .time("updated_at", request.updated_at)
      .text("notifications_count", std::to_string(request.count))  // documented as text
      .raw("account", request.account);
  put_status(json, out, "last_status", request.last_status);
  json.end();
}

}  // namespace kith::views
