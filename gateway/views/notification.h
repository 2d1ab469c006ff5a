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

// NotificationPolicy v2, all `accept`: nothing is held back, and nothing waits.
void append_notification_policy(std::string& out);

}  // namespace kith::views
