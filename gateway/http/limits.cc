#include "gateway/http/limits.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>

#include "base/check.h"

namespace kith {
namespace {

constexpr std::size_t ways = 8, sets = 16'384, locks = 64;

// A twentieth of a limit is told at a time.
constexpr std::uint32_t tellings = 20;

// 40 bytes, all zero when unused, so that calloc's untouched pages cost nothing.
struct Used {
  std::uint64_t subject = 0;
  std::int64_t window = 0;  // its number; windows of one class begin at multiples of their length
  std::int64_t ends = 0;    // microseconds
  std::uint32_t used = 0;   // here; at most one more than the limit
  std::uint32_t told = 0;   // of these
  std::uint32_t others = 0;
  std::uint8_t limit_class = 0;
  std::uint8_t kind = 0;
};

RateUse use_of(Used const& counter, RateLimit limit) {
  return {std::min(counter.used + counter.others, limit.most + 1), Time{Duration{counter.ends}}};
}

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

struct LocalRateCounter::Table {
  Used* counters = static_cast<Used*>(std::calloc(sets * ways, sizeof(Used)));
  std::array<std::mutex, locks> mutexes;
  // Sets are chosen with a secret, so that nobody can crowd somebody else's out on purpose.
  std::uint64_t secret = std::uint64_t{std::random_device{}()} << 32 | std::random_device{}();

  template <class Work>
  auto with(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now, Work work);

  Table() { check(counters != nullptr, "there is memory for the rate limits at start"); }
  ~Table() { std::free(counters); }
};

LocalRateCounter::LocalRateCounter() : table_(std::make_unique<Table>()) {}
LocalRateCounter::~LocalRateCounter() = default;

// Under its lock, `work` with the counter of the subject's window; one is begun if there is none.
template <class Work>
auto LocalRateCounter::Table::with(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now, Work work) {
  auto const kind = static_cast<std::uint8_t>(subject.kind);
  auto const a_class = static_cast<std::uint8_t>(limit_class);
  auto const micros = now.time_since_epoch().count();
  auto const window = micros / limit.window.count();
  auto const place = mixed(subject.number ^ secret ^ (std::uint64_t{kind} << 8 | a_class) * 0x9E3779B97F4A7C15u) % sets;

  std::scoped_lock const lock(mutexes[place % locks]);
  auto* const set = counters + place * ways;
  Used* victim = set;
  for (auto* counter = set; counter != set + ways; ++counter) {
    if (counter->used > 0 && counter->subject == subject.number && counter->kind == kind &&
        counter->limit_class == a_class && counter->window == window)
      return work(*counter);
    // What is over or unused goes first, then the smallest count: the busy ones matter.
    auto const weight = [micros](Used const& c) { return c.ends <= micros ? 0 : c.used; };
    if (weight(*counter) < weight(*victim)) victim = counter;
  }
  *victim = Used{.subject = subject.number,
                 .window = window,
                 .ends = (window + 1) * limit.window.count(),
                 .limit_class = a_class,
                 .kind = kind};
  return work(*victim);
}

RateUse LocalRateCounter::count(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now,
                                std::uint32_t tell_from, std::uint32_t& untold) {
  return table_->with(limit_class, subject, limit, now, [&](Used& counter) {
    if (counter.used <= limit.most) ++counter.used;
    untold = counter.used - counter.told;
    if (untold < tell_from) untold = 0;
    counter.told += untold;
    return use_of(counter, limit);
  });
}

RateUse LocalRateCounter::count(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) {
  std::uint32_t untold = 0;
  return count(limit_class, subject, limit, now, limit.most + 2, untold);
}

RateUse LocalRateCounter::learn(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now,
                                std::uint64_t all) {
  return table_->with(limit_class, subject, limit, now, [&](Used& counter) {
    // The cache may have forgotten; what is known here stays known.
    std::uint64_t const others = all > counter.told ? all - counter.told : 0;
    counter.others = std::max(counter.others, static_cast<std::uint32_t>(std::min<std::uint64_t>(others, limit.most)));
    return use_of(counter, limit);
  });
}

Task<RateUse> LocalRateCounter::add(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) {
  co_return count(limit_class, subject, limit, now);
}

Task<RateUse> SharedRateCounter::add(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) {
  std::uint32_t untold = 0;
  RateUse const use =
      here_.count(limit_class, subject, limit, now, std::max(limit.most / tellings, std::uint32_t{1}), untold);
  if (untold == 0) co_return use;
  auto const number = [](auto value) { return std::to_string(static_cast<std::uint64_t>(value)); };
  Counted const all =
      co_await cache_.count("rate/" + number(limit_class) + '/' + number(subject.kind) + '/' + number(subject.number) +
                                '/' + number(use.resets.time_since_epoch().count()),
                            untold, limit.window);
  co_return here_.learn(limit_class, subject, limit, now, all.count);
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
