#pragma once

// Passwords, kept only as hashes that are dear to try.
//
// The contract, proved for each engine by hash_test.cc:
//   - a hash holds its own salt and cost, so two of one password differ and old ones stay good;
//   - verify takes as long for a person who does not exist (an empty hash) as for a wrong password,
//     and says no;
//   - what does not fit into the bounded queue is refused at once with Error unavailable.
// Every method may be called from any thread; a Task resumes on its awaiter's executor.

#include <string>
#include <string_view>

#include "base/task.h"

namespace kith {

// Longer ones are refused: they would cost time without being harder to guess.
inline constexpr std::size_t password_bytes_max = 1024;

class Passwords {
 public:
  virtual ~Passwords() = default;

  // Throws Error{invalid} for one that is too long.
  virtual Task<std::string> hash(std::string password) = 0;
  virtual Task<bool> verify(std::string hash, std::string password) = 0;
  // Made at another cost than new ones: hash again when the password is at hand.
  virtual bool outdated(std::string_view hash) const = 0;
};

}  // namespace kith
