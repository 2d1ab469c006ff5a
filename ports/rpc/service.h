#pragma once

// What a service says of itself beside its calls: the generated `events()` and `follows()` of its
// namespace. `kith dataflow` prints them.

#include <cstdint>
#include <string_view>

namespace kith {

class Channel;
class Dispatch;
class Methods;

struct EventDescription {
  std::string_view service;  // that emits it
  std::string_view kind;     // "posts.PostChanged"
  std::uint32_t schema;
  std::string_view key;  // the field it is grouped by
};

struct FollowDescription {
  std::string_view service;  // that follows
  std::string_view kind;
  std::uint32_t schema;
  bool echo;
};

}  // namespace kith
