#pragma once

// Who asks, until when, and under which trace: the first argument of every call of a service.

#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/id.h"
#include "base/time.h"

namespace kith {

using AccountId = Id<struct AccountTag>;

// What a token may do is settled at the edge; what a role may do is asked of `role`.
enum class Role : std::uint8_t { unspecified, user, moderator, admin };

struct Call {
  AccountId viewer = {};  // nobody when zero: an anonymous reader, or the server itself
  Role role = Role::unspecified;
  bool sampled = false;     // whether the spans of its trace are kept
  Time deadline = no_time;  // no_time: none
  // Names one intended change. A repeat with the same operation does nothing twice. Zero: a read, or
  // a change the service names itself.
  std::uint64_t operation = 0;
  // Which trace (base/trace.h) and which span of it asks. Zero: none.
  std::array<std::uint64_t, 2> trace = {};
  std::uint64_t span = 0;
};

// Who asks, where nobody in particular may not.
inline AccountId signed_in(Call const& call) {
  if (!call.viewer) throw Error{Code::unauthenticated, "Please log in"};
  return call.viewer;
}

}  // namespace kith
