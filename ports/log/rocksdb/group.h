#pragma once

// How far one group is with the events: what is loaded and not yet handled, what waits for its next
// try, what is set aside. Plain memory, guarded by the log's mutex.

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ports/log/rocksdb/topic.h"

namespace kith::rocks {

// What is kept of a group over restarts. Everything below `loaded_to` but `open` is handled; what
// is not remembered is delivered again.
struct Progress {
  Offset loaded_to = 0;
  std::vector<Offset> open;
  Offset waiting_from = 0;                     // the first event of a newer schema, 0: none
  std::map<std::string, std::uint32_t> kinds;  // that it followed, with the newest schema it knew
};
std::string encode(Progress const& progress);
Progress decode_progress(std::string_view bytes);

// One event set aside, as it is stored.
struct AsideRecord {
  Offset offset = 0;
  Time since = no_time;
  std::uint32_t attempts = 0;
  std::string failure;
  Event event;
};
std::string encode(AsideRecord const& record);
AsideRecord decode_aside(std::string_view bytes);

struct Group {
  struct Pending {
    LoggedPtr logged;
    std::uint32_t attempts = 0;
    bool running = false;
    bool hourly = false;  // set aside, tried once again by itself
  };

  Subscription subscription;
  Offset loaded_to = 1;
  Offset waiting_from = 0;
  std::map<Offset, Pending> pending;
  boost::unordered_flat_map<std::uint64_t, Offset> by_id;  // of pending
  std::deque<Offset> ready;                                // to be handled now
  std::multimap<Duration, Offset> later;                   // by when they become ready
  boost::unordered_flat_set<std::uint64_t> acked_ahead;    // event ids that are not loaded yet
  std::map<std::uint64_t, Time> aside;                     // event ids, since when
  std::uint32_t running = 0;
  bool dirty = false;

  FollowedKind const* followed(Event const& event) const;
  // Takes an event in, unless it is not for this group or known already. `hold`: an echo may come.
  void take_in(LoggedPtr logged, Duration now, bool hold);
  void make_ready(Duration now);
  // `behind`: it may be an event that is not loaded yet.
  void handled(EventId event, bool behind);
  void drop(std::map<Offset, Pending>::iterator at);
  // Everything below is handled or set aside.
  bool settled(Offset below) const;
  Progress progress() const;
};

// More pending events than this stay on the disk until others are handled: some 10 MB a group.
inline constexpr std::size_t pending_max = 20'000;

}  // namespace kith::rocks
