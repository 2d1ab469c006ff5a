#include "ports/random/engines.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace kith {
namespace {

// A call into the kernel costs some 300 ns; bytes leave the buffer as they are handed out.
struct Buffer {
  std::array<unsigned char, 512> bytes{};
  std::size_t used = bytes.size();
  ~Buffer() { sodium_memzero(bytes.data(), bytes.size()); }
};

}  // namespace

void SystemRandom::fill(std::span<unsigned char> out) {
  if (out.empty()) return;
  thread_local Buffer buffer;
  if (out.size() > buffer.bytes.size()) return randombytes_sysrandom_implementation.buf(out.data(), out.size());
  if (out.size() > buffer.bytes.size() - buffer.used) {
    randombytes_sysrandom_implementation.buf(buffer.bytes.data(), buffer.bytes.size());
    buffer.used = 0;
  }
  std::memcpy(out.data(), buffer.bytes.data() + buffer.used, out.size());
  sodium_memzero(buffer.bytes.data() + buffer.used, out.size());
  buffer.used += out.size();
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::size_t i = 0; i < 8; ++i) key_[i] = static_cast<unsigned char>(seed >> (8 * i));
}

void SeededRandom::fill(std::span<unsigned char> out) {
  std::lock_guard const lock(mutex_);
  while (!out.empty()) {
    if (used_ == stream_.size()) {
      unsigned char nonce[crypto_stream_chacha20_NONCEBYTES] = {};
      for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<unsigned char>(block_ >> (8 * i));
      ++block_;
      crypto_stream_chacha20(stream_.data(), stream_.size(), nonce, key_.data());
      used_ = 0;
    }
    std::size_t const size = std::min(out.size(), stream_.size() - used_);
    std::memcpy(out.data(), stream_.data() + used_, size);
    used_ += size;
    out = out.subspan(size);
  }
}

}  // namespace kith
