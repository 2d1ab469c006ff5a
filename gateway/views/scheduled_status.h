#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace kith::views {

// A post that waits for its time. It has an id of its own; the status gets one when it appears.
struct ScheduledStatus {
  std::uint64_t id = 0;
  Time scheduled_at = no_time;
  std::string text = {};
  std::string spoiler = {};
  std::string visibility = {};  // empty: the account's default
  std::string audience = {};    // our own word
  std::string language = {};
  bool sensitive = false;
  std::uint64_t in_reply_to = 0;
  std::uint64_t quoted = 0;
  std::uint64_t application = 0;
  std::string idempotency = {};
  std::string quote_policy = {};
  std::vector<std::uint64_t> media_ids = {};
  std::string media = {};  // a JSON list; empty: none
};

void append_scheduled_status(std::string& out, ScheduledStatus const& scheduled);
void append_scheduled_statuses(std::string& out, std::span<ScheduledStatus const> scheduled);

}  // namespace kith::views
