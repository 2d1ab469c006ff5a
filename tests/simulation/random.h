#pragma once

// Chance that a seed fixes. The same numbers on every machine (xoshiro256**, seeded by splitmix64).

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace kith::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15u;
      std::uint64_t mixed = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9u;
      mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
      word = mixed ^ (mixed >> 31);
    }
  }

  std::uint64_t next() {
    std::uint64_t const result = std::rotl(state_[1] * 5, 7) * 9;
    std::uint64_t const shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // 0 ... below - 1
  std::uint64_t below(std::uint64_t below) { return below == 0 ? 0 : next() % below; }
  bool chance(std::uint64_t per_mille) { return below(1000) < per_mille; }
  // Mostly short, sometimes long: how waiting is spread.
  Duration wait(Duration longest) {
    auto const whole = static_cast<std::uint64_t>(longest.count());
    return Duration{static_cast<std::int64_t>(below(1 + (whole >> below(8))))};
  }
  template <class T>
  T& pick(std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace kith::simulation
