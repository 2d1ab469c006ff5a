#pragma once

#include <array>
#include <mutex>

#include "ports/random/random.h"

namespace kith {

// The system's randomness, fetched some hundred bytes at a time by each thread.
class SystemRandom final : public Random {
 public:
  SystemRandom() { start_sodium(); }
  void fill(std::span<unsigned char> out) override;
};

// The same bytes for the same seed, on every machine (ChaCha20's key stream).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<unsigned char> out) override;

 private:
  std::mutex mutex_;
  std::array<unsigned char, 32> key_{};
  std::uint64_t block_ = 0;
  std::array<unsigned char, 512> stream_{};
  std::size_t used_ = 512;
};

}  // namespace kith
