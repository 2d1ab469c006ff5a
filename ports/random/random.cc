#include "ports/random/random.h"

#include <sodium.h>

#include "base/check.h"

namespace kith {
namespace {

Random* replacement = nullptr;

char const* name() { return "kith"; }
void fill(void* out, std::size_t size) { replacement->fill({static_cast<unsigned char*>(out), size}); }
std::uint32_t draw() { return static_cast<std::uint32_t>(replacement->next()); }

randombytes_implementation from_replacement = {
    .implementation_name = name,
    .random = draw,
    .stir = nullptr,
    .uniform = nullptr,
    .buf = fill,
    .close = nullptr,
};

}  // namespace

std::uint64_t Random::next() {
  unsigned char bytes[8];
  fill(bytes);
  std::uint64_t number = 0;
  for (unsigned char const byte : bytes) number = number << 8 | byte;
  return number;
}

std::uint64_t Random::below(std::uint64_t n) {
  check(n > 0, "a number below zero does not exist");
  // Draws from the incomplete last stretch of n would favour small numbers: draw again.
  std::uint64_t const remainder = (UINT64_MAX % n + 1) % n;
  for (;;)
    if (std::uint64_t const number = next(); number <= UINT64_MAX - remainder) return number % n;
}

void start_sodium() { check(sodium_init() >= 0, "libsodium finds randomness and begins"); }

void replace_sodium_random(Random* random) {
  start_sodium();
  replacement = random;
  randombytes_set_implementation(random ? &from_replacement : &randombytes_sysrandom_implementation);
}

}  // namespace kith
