#pragma once

// How far one group is with the events of the partitions that this process has: what is taken in and not yet
// handled, what waits for its next try, what is set aside. Plain memory, guarded by the log's mutex.

#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/log/kafka/record.h"

namespace kith::kafka {

// Where an event of a group is found: partition and offset, or, when it was set aside, its id.
struct Place {
  std::int32_t partition = 0;
  Offset offset = 0;
  auto operator<=>(Place const&) const = default;
};
inline constexpr std::int32_t aside_place = -1;

struct Pending {
  LoggedPtr logged;
  std::uint32_t attempts = 0;
  bool running = false;
  bool hourly = false;  // set aside, tried once again by itself
};

struct Partition {
  // Below `known_to` a process before this one had taken in all but `open_before`, and kinds not followed then.
  Offset known_to = 0;
  std::set<Offset> open_before = {};
  std::map<std::string, std::uint32_t> kinds_before = {};
  Offset loaded_to = 0;
  Offset replayed = -1;
  std::map<Offset, Pending> pending = {};
  bool leaving = false;    // another process is about to have it
  bool replaying = false;  // is about to begin again further back
  bool dirty = false;
  std::optional<Progress> remembered = {};  // what was committed last
};

class Group {
 public:
  struct Taken {
    Place place;
    LoggedPtr logged;
  };
  struct Ended {
    bool gone = false;   // somebody else has done it, or has its partition
    bool aside = false;  // it is to be set aside, or was and is to be forgotten
    std::uint32_t attempts = 0;
  };

  explicit Group(Subscription by) : subscription(std::move(by)) {}

  Subscription const subscription;
  std::string const& name() const { return subscription.group; }

  // Partitions come, to be read from the offset that it returns, and go.
  Offset add(std::int32_t partition, std::optional<Progress> const& progress);
  void remove(std::int32_t partition);
  std::map<std::int32_t, Partition> const& partitions() const { return partitions_; }
  Partition* find(std::int32_t partition);

  // Takes an event in, unless it is not for this group or known already.
  void take_in(Place place, LoggedEvent logged, Duration now, Time wall);
  // From there on all is taken in again; what is read next comes from there.
  void begin_again(std::int32_t partition, Offset from);
  // What the topic of set-aside events says of one, and what this process wrote there itself.
  void aside_said(EventId event, std::optional<Aside> aside, Offset offset);
  void aside_wrote(EventId event, std::optional<Aside> aside, Offset offset);
  // This process has that topic; when all of it was read, what it says is tried again.
  void aside_came();
  void aside_read(Offset end);
  void aside_lost();
  bool has_aside() const { return aside_known_; }
  bool aside_settled(Offset below) const { return !aside_here_ || (aside_known_ && aside_loaded_to_ >= below); }
  std::map<std::uint64_t, Aside> const& aside() const { return aside_; }

  void make_ready(Duration now, Time wall);
  // What was set aside before then is tried once more.
  void try_aside(Time before);
  std::optional<Taken> take();
  Ended end(Place place, bool failed, Duration now, Duration pause_first);
  void later(Place place, Duration at);
  void drop(Place place);
  // True: it is set aside, and is to be forgotten there.
  bool acknowledged(EventId event, Duration now);

  bool settled(std::map<std::int32_t, Offset> const& below, Time wall) const;  // of the partitions that are here
  bool loaded(std::map<std::int32_t, Offset> const& below) const;
  Progress progress(Partition const& partition) const;
  std::size_t pending() const { return by_id_.size(); }
  std::size_t ready() const { return ready_.size(); }
  bool timed() const { return !later_.empty() || !due_.empty(); }
  void count(Lag& lag, Time wall) const;
  // Set aside, and not being tried again at somebody's request.
  bool rests(EventId event) const;

  bool joined = false;  // was given partitions once, perhaps none
  std::uint32_t running = 0;
  bool paused = false;

 private:
  FollowedKind const* followed(Event const& event) const;
  Pending* at(Place place);
  void insert(Place place, LoggedPtr logged, bool hourly);
  void try_again(EventId event, bool hourly);
  void apply(EventId event, std::optional<Aside> aside);

  std::map<std::int32_t, Partition> partitions_;
  std::map<Offset, Pending> retried_;  // by id
  boost::unordered_flat_map<std::uint64_t, Place> by_id_;
  std::deque<Place> ready_;
  std::multimap<Duration, Place> later_;
  std::multimap<Time, Place> due_;
  boost::unordered_flat_map<std::uint64_t, Duration> acked_ahead_;  // not taken in yet; since when
  Duration acked_swept_{};
  std::map<std::uint64_t, Aside> aside_;
  bool aside_here_ = false, aside_known_ = false;
  Offset aside_loaded_to_ = 0;
  boost::unordered_flat_map<std::uint64_t, Offset> aside_written_;  // and not yet read back
};

// More pending events than this stay with the servers until others are handled: some 10 MB a group.
inline constexpr std::size_t pending_max = 20'000;

}  // namespace kith::kafka
