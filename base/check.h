#pragma once

namespace kith {

// Ends the process with `why` when a programmer was wrong: "why this cannot be".
// Never for input, engines or anything else that can happen to a correct program.
inline void check(bool holds, char const* why);
[[noreturn]] void broken(char const* why);

inline void check(bool holds, char const* why) {
  if (!holds) [[unlikely]]
    broken(why);
}

}  // namespace kith
