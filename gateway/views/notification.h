#pragma once

// Notification, one by one (v1) and grouped (v2). Accounts and statuses are pieces the caller has
// already, see account.h and status.h.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "gateway/views/status.h"

namespace kith::views {

struct Notification {
  std::uint64_t id = 0;
  std::string_view type = {};  // mention, status, reblog, follow, follow_request, favourite, poll, update, quote ...
  Time created_at = no_time;
  std::string_view group_key = {};  // empty: ungrouped-ID
  std::string_view account = {};    // who did it, JSON
  StatusPieces const* status = nullptr;
  bool filtered = false;  // held back by the policy, and asked for nevertheless
};

struct NotificationGroup {
  std::string_view group_key = {};
  std::uint64_t count = 0;
  std::string_view type = {};
  std::uint64_t latest_id = 0;
  std::uint64_t page_min_id = 0;
  std::uint64_t page_max_id = 0;
  Time latest_at = no_time;
  std::span<std::uint64_t const> accounts = {};  // newest first, at most eight
  std::uint64_t status = 0;
};

void append_notification(std::string& out, Notification const& notification);
void append_notifications(std::string& out, std::span<Notification const> notifications);

// GroupedNotificationsResults: every account and status once, by whatever groups name it.
void append_notification_groups(std::string& out, std::span<std::string_view const> accounts,
                                std::span<StatusPieces const> statuses, std::span<NotificationGroup const> groups);

// What is held back, in the words accept, filter and drop.
struct NotificationPolicy {
  std::string_view not_following = "accept";
  std::string_view not_followers = "accept";
  std::string_view new_accounts = "accept";
  std::string_view private_mentions = "accept";
  std::string_view limited_accounts = "accept";
  std::uint64_t requests = 0;       // senders whose notifications wait ...
  std::uint64_t notifications = 0;  // ... and how many these are
};
void append_notification_policy(std::string& out, NotificationPolicy const& policy);
void append_notification_policy_v1(std::string& out, NotificationPolicy const& policy);

struct NotificationRequest {
  std::uint64_t id = 0;
  Time created_at = no_time;
  Time updated_at = no_time;
  std::uint64_t count = 0;
  std::string_view account = {};  // JSON
  StatusPieces const* last_status = nullptr;
};
void append_notification_request(std::string& out, NotificationRequest const& request);

}  // namespace kith::views
