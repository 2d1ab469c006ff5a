#include "gateway/http/limits.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <random>

#include "base/check.h"

namespace kith {
namespace {

constexpr std::size_t ways = 8, sets = 16'384, locks = 64;

// 32 bytes, all zero when unused, so that calloc's untouched pages cost nothing.
struct Counter {
  std::uint64_t subject = 0;
  std::int64_t window = 0;  // its number; windows of one class begin at multiples of their length
  std::int64_t ends = 0;    // microseconds
  std::uint32_t used = 0;
  std::uint8_t limit_class = 0;
  std::uint8_t kind = 0;
};

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

struct LocalRateCounter::Table {
  Counter* counters = static_cast<Counter*>(std::calloc(sets * ways, sizeof(Counter)));
  std::array<std::mutex, locks> mutexes;
  // Sets are chosen with a secret, so that nobody can crowd somebody else's out on purpose.
  std::uint64_t secret = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();

  Table() { check(counters != nullptr, "there is memory for the rate limits at start"); }
  ~Table() { std::free(counters); }
};

LocalRateCounter::LocalRateCounter() : table_(std::make_unique<Table>()) {}
LocalRateCounter::~LocalRateCounter() = default;

RateUse LocalRateCounter::count(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) {
  auto const kind = static_cast<std::uint8_t>(subject.kind);
  auto const a_class = static_cast<std::uint8_t>(limit_class);
  auto const micros = now.time_since_epoch().count();
  auto const window = micros / limit.window.count();
  auto const ends = (window + 1) * limit.window.count();
  auto const place =
      mixed(subject.number ^ table_->secret ^ (std::uint64_t{kind} << 8 | a_class) * 0x9E3779B97F4A7C15u) % sets;

  std::scoped_lock const lock(table_->mutexes[place % locks]);
  auto* const set = table_->counters + place * ways;
  Counter* victim = set;
  for (auto* counter = set; counter != set + ways; ++counter) {
    if (counter->used > 0 && counter->subject == subject.number && counter->kind == kind &&
        counter->limit_class == a_class && counter->window == window) {
      if (counter->used <= limit.most) ++counter->used;
      return {counter->used, Time{Duration{ends}}};
    }
    // What is over or unused goes first, then the smallest count: the busy ones matter.
    auto const weight = [micros](Counter const& c) { return c.ends <= micros ? 0 : c.used; };
    if (weight(*counter) < weight(*victim)) victim = counter;
  }
  *victim = Counter{subject.number, window, ends, 1, a_class, kind};
  return {1, Time{Duration{ends}}};
}

Task<RateUse> LocalRateCounter::add(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) {
  co_return count(limit_class, subject, limit, now);
}

RateLimit limit_of(LimitClass limit_class, RateSubject::Kind kind) {
  using std::chrono::minutes;
  switch (limit_class) {
    case LimitClass::media:
    case LimitClass::deletes: return {30, minutes{30}};
    case LimitClass::sign_up: return {5, minutes{30}};
    case LimitClass::log_in: return {25, minutes{5}};
    case LimitClass::general:
    case LimitClass::none: break;
  }
  return {kind == RateSubject::Kind::account ? 1'500u : 300u, minutes{5}};
}

}  // namespace kith
