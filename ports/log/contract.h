#pragma once

// What tests of a log see of it: which events came, to which group, when.

#include <algorithm>
#include <string>
#include <vector>

#include "ports/table/contract.h"

namespace kith::contract {

// A group that notes every event it is given.
struct Reader {
  struct Seen {
    EventId id;
    std::string kind, key, body;
    Time at;
    std::array<std::uint64_t, 2> trace = {};
    std::uint64_t span = 0;
  };

  std::size_t times(EventId id) const { return static_cast<std::size_t>(std::ranges::count(seen, id, &Seen::id)); }
  bool saw(EventId id) const { return times(id) > 0; }

  std::vector<Seen> seen = {};
  int failures = 0;         // how many more deliveries fail; -1: all
  std::string poison = {};  // the body whose delivery always fails
  Duration takes = {};      // how long a delivery takes
  VirtualTime* time = nullptr;
};

inline Task<void> note(Reader& reader, Event event) {
  reader.seen.push_back({event.id, event.kind, event.key, event.body, reader.time->now(), event.trace, event.span});
  if (reader.takes != Duration::zero()) co_await reader.time->sleep(reader.takes);
  if (reader.failures != 0) {
    if (reader.failures > 0) --reader.failures;
    throw Error{Code::unavailable, "Not now"};
  }
  if (!reader.poison.empty() && event.body == reader.poison) throw Error{Code::internal, "Poisoned"};
}

class LogTest : public EngineTest {
 protected:
  using Kinds = std::vector<FollowedKind>;

  void subscribe(Reader& reader, std::string group, Kinds kinds) {
    reader.time = &time;
    log().subscribe(
        {std::move(group), std::move(kinds), [&reader](Event event) { return note(reader, std::move(event)); }});
  }
  Event event(std::string kind, std::string body = "body", Time due = no_time) {
    return {.id = EventId{++events}, .kind = std::move(kind), .key = "7", .body = std::move(body), .due = due};
  }
  EventId append(Event event) {
    EventId const id = event.id;
    std::vector<Event> one;
    one.push_back(std::move(event));
    run(log().append(std::move(one)));
    return id;
  }
  void caught_up(std::string group) { run(log().caught_up(std::move(group))); }
  Lag lag_of(std::string const& group) {
    for (Lag& lag : run(log().lag()))
      if (lag.group == group) return lag;
    ADD_FAILURE() << "no lag of " << group;
    return {};
  }

  std::uint64_t events = 1000;
};

}  // namespace kith::contract
