#pragma once

// What stands in the topics and beside the committed offsets, and how it is written.
//
// An event: its key and body are those of the record, all else are headers of text that an operator can read
// (`kcat -f '%h %k\n'`). A record with the header `replay` is no event, but asks one group to begin again further back.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/log/log.h"

namespace kith::kafka {

using Offset = std::int64_t;

struct Record {
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool gone = false;  // without a value: the topic forgets the key

  std::string_view header(std::string_view name) const;
};

struct LoggedEvent {
  Time appended = no_time;
  Event event;
};
using LoggedPtr = std::shared_ptr<LoggedEvent const>;

Record record_of(Event const& event, Time appended);
LoggedEvent event_in(Record const& record);

// Asks the group to take in again what was appended since.
struct Replay {
  std::string group;
  Time since = no_time;
};
Record record_of(Replay const& replay);
bool is_replay(Record const& record);
Replay replay_in(Record const& record);

// What is set aside, or was and is to be tried again.
struct Aside {
  LoggedEvent logged;
  Time since = no_time;  // when it was set aside
  std::uint32_t attempts = 0;
  std::string failure;
  bool again = false;
};
std::string aside_key(std::string_view group, EventId event);
// The group and the event that such a key names.
std::pair<std::string, EventId> named_by(std::string_view aside_key);
Record record_of(std::string_view group, Aside const& aside);
Aside aside_in(Record const& record);

// How far one group is with one partition. Everything below `loaded_to` but `open` is handled; what is not
// remembered is delivered again.
struct Progress {
  Offset loaded_to = 0;
  std::vector<Offset> open = {};
  Offset replayed = -1;                             // the last request for a replay that was followed
  std::map<std::string, std::uint32_t> kinds = {};  // that it followed, with the newest schema it knew

  // What is committed: the oldest that is not handled.
  Offset committed() const { return open.empty() ? loaded_to : open.front(); }
  friend bool operator==(Progress const&, Progress const&) = default;
};
// Text of at most `progress_bytes_max`: as much of `open` as fits, and `loaded_to` is lower then.
inline constexpr std::size_t progress_bytes_max = 4'000;  // servers take 4,096
std::string encode(Progress& progress);
// What cannot be read is nothing remembered: all from the offset on is delivered.
Progress decode_progress(std::string_view text, Offset committed);

}  // namespace kith::kafka
