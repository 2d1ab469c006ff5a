#pragma once

// What the servers do in one step, for nobody may come between: each is called by the hash of its text.

#include <string>
#include <string_view>

namespace kith::redis {

struct Script {
  std::string_view text;
  std::string hash;  // its SHA-1, in hexadecimal
};

// KEYS: an entry. ARGV: its bytes, milliseconds to keep it, 1 if what is there must be older, else 0. Answers
// 1, or 0 if what is there is newer. What was invalidated is remembered over a value that lives shorter.
Script const& put_script();
// KEYS: a counter. ARGV: the slot of time that is now, the amount, milliseconds to keep it, the window. Answers
// slot and count in turn.
Script const& count_script();

// Commands that make them known; how many.
std::size_t append_scripts(std::string& bytes);

}  // namespace kith::redis
