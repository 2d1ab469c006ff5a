#pragma once

// Everything that happened in a run, as one number: two runs of a seed must give the same. With an
// output it is also written down, a line each.

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string_view>

#include "base/time.h"
#include "ports/clock/clock.h"

namespace kith::simulation {

class Trace {
 public:
  Trace(Clock const& clock, std::ostream* out) : clock_(clock), out_(out) {}

  void note(std::string_view what, std::initializer_list<std::uint64_t> numbers = {}, std::string_view text = {}) {
    mix(static_cast<std::uint64_t>(clock_.monotonic().count()));
    mix(what);
    for (std::uint64_t const number : numbers) mix(number);
    mix(text);
    if (out_ == nullptr) return;
    *out_ << clock_.monotonic().count() << ' ' << what;
    for (std::uint64_t const number : numbers) *out_ << ' ' << number;
    if (!text.empty()) *out_ << ' ' << text;
    *out_ << '\n';
  }
  std::uint64_t hash() const { return hash_; }

 private:
  void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15u ^ (hash_ >> 29); }
  void mix(std::string_view text) {
    mix(text.size());
    for (char const byte : text) mix(static_cast<unsigned char>(byte));
  }

  Clock const& clock_;
  std::ostream* out_;
  std::uint64_t hash_ = 0;
};

}  // namespace kith::simulation
