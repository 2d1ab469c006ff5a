#pragma once

// Carries events from the commit that made them to those who follow. At least once; no order is
// promised. A group is one follower (a service); each group handles each event of the kinds it
// asked for, in one of its processes.
//
// The contract, proved for each engine by contract_test.cc:
//   - an event appended is delivered to every group that follows its kind until that group acknowledges it: by
//     its handler returning, or by `acknowledge` (a request that ran the handler itself, as an echo), which
//     spares it the delivery in this process; another that has it in hand may still deliver it;
//   - an event is never delivered before its `due`;
//   - a handler that throws is tried again with growing pauses; after `attempts_max` the event is set
//     aside for that group, visible, retried on request (and once an hour by itself), and never
//     blocks others;
//   - events of unknown kinds or newer schemas wait for a group that knows them;
//   - events are kept for 7 days, for `replay`; one not yet acknowledged by all groups, as long as the engine can.
// Methods may be called from any thread.

#include <functional>
#include <string>
#include <vector>

#include "base/task.h"
#include "ports/log/event.h"

namespace kith {

struct FollowedKind {
  std::string kind;
  std::uint32_t schema_max = 1;
  // A request that emits this kind runs the handler itself right after its commit. Delivery then
  // holds back for `echo_grace`, so that the acknowledgement usually arrives first.
  bool echo = false;
};

struct Subscription {
  std::string group;
  std::vector<FollowedKind> kinds;
  std::function<Task<void>(Event)> handle;
};

struct Lag {
  std::string group;
  std::uint64_t waiting = 0;  // due events not yet acknowledged
  Time oldest = no_time;      // when the oldest of them was appended
  std::uint64_t set_aside = 0;
};

struct SetAside {
  std::string group;
  Event event;
  std::uint32_t attempts = 0;
  std::string failure;  // the last one, for people; no personal content
};

inline constexpr std::uint32_t attempts_max = 8;
inline constexpr Duration echo_grace = std::chrono::milliseconds{400};

class Log {
 public:
  virtual ~Log() = default;

  // For handlers, which are redelivered until they are done; all else emits by commits.
  virtual Task<void> append(std::vector<Event> events) = 0;
  // Before start. One subscription a group and process.
  virtual void subscribe(Subscription subscription) = 0;
  virtual Task<void> acknowledge(std::string group, EventId event) = 0;

  virtual Task<std::vector<Lag>> lag() = 0;
  virtual Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) = 0;
  virtual Task<void> retry(std::string group, EventId event) = 0;
  // Delivers again to a group what was appended since.
  virtual Task<void> replay(std::string group, Time since) = 0;
  // Returns when all that was appended before the call, and is due, is acknowledged or set aside by
  // the group.
  virtual Task<void> caught_up(std::string group) = 0;
};

}  // namespace kith
