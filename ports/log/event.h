#pragma once

// What happened, as a hint: which thing to look at. Events may come twice, late and in any order,
// so a handler reads the truth and makes its own rows equal to it (R4).

#include <array>
#include <cstdint>
#include <string>

#include "base/id.h"
#include "base/time.h"

namespace kith {

using EventId = Id<struct EventTag>;

struct Event {
  EventId id;
  std::string kind;          // "posts.PostChanged"
  std::uint32_t schema = 1;  // version of the kind's meaning; an unknown kind or a newer schema waits
  std::string key;           // what events of a kind are grouped by, as decimal digits
  std::string body;          // the event message in protobuf's wire format; ids and versions only
  Time due = no_time;        // not delivered before
  // Under which trace, and in which span of it, it was emitted; zero unless that trace is sampled.
  std::array<std::uint64_t, 2> trace = {};
  std::uint64_t span = 0;
};

// Of kind, key and body together: an event says where to look, no more.
inline constexpr std::size_t event_bytes_max = 1024;
void check_limits(Event const& event);

}  // namespace kith
