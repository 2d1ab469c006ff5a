#pragma once

// Bytes nobody can guess; in simulations, bytes that a seed repeats. Any thread.

#include <cstdint>
#include <span>

namespace kith {

class Random {
 public:
  virtual ~Random() = default;

  virtual void fill(std::span<unsigned char> out) = 0;

  std::uint64_t next();
  // 0 ... n-1, each equally likely; n is not zero.
  std::uint64_t below(std::uint64_t n);
};

// Begins the crypto library; called by every engine that uses it, any number of times.
void start_sodium();

// From now on (null: no longer) also the crypto library's own draws (nonces, salts) come from here, in
// the whole process: what makes a simulation repeatable. Never in a server.
void replace_sodium_random(Random* random);

}  // namespace kith
