#pragma once

// How often somebody may ask. Counts are kept in fixed windows and may be lost: they protect the
// community, they are no truth.

#include <cstdint>
#include <memory>

#include "base/task.h"
#include "base/time.h"
#include "gateway/http/router.h"
#include "ports/cache/cache.h"

namespace kith {

struct RateLimit {
  std::uint32_t most = 300;
  Duration window = std::chrono::minutes{5};
};

// Who is counted: a token by its grant, a person by the account, an address (IPv6 by /64).
struct RateSubject {
  enum class Kind : std::uint8_t { token, account, address };
  Kind kind = Kind::address;
  std::uint64_t number = 0;
};

struct RateUse {
  std::uint32_t used = 0;  // this one included; stays at most + 1 when there were more
  Time resets = no_time;
};

// Where counts live: in this process, or a shared cache for several gateways.
class RateCounter {
 public:
  virtual ~RateCounter() = default;
  // Counts one act of the subject in the window that holds `now`.
  virtual Task<RateUse> add(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) = 0;
};

// In process and of fixed size: 131,072 counters in 5 MiB, touched only as they are used. When more
// subjects come at once, the one with the smallest count in its set is forgotten.
class LocalRateCounter final : public RateCounter {
 public:
  LocalRateCounter();
  ~LocalRateCounter() override;
  Task<RateUse> add(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) override;
  // The same without a coroutine.
  RateUse count(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now);

  // For those who count together. `untold` becomes what was counted here in this window, this act included, and not
  // given out by an earlier call: once it is `tell_from` or more, else 0.
  RateUse count(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now, std::uint32_t tell_from,
                std::uint32_t& untold);
  // What all who count have told of this window, what was given out here included: from now on part of each use.
  RateUse learn(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now, std::uint64_t all);

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

// What several gateways count together. Each counts by itself and tells the others, through the cache, a twentieth of
// a limit at a time: so that few requests wait for it, and each further gateway lets at most so much more through.
// Limits below forty are told act by act. While the cache is away each gateway counts alone.
class SharedRateCounter final : public RateCounter {
 public:
  explicit SharedRateCounter(Cache& cache) : cache_(cache) {}
  Task<RateUse> add(LimitClass limit_class, RateSubject subject, RateLimit limit, Time now) override;

 private:
  Cache& cache_;
  LocalRateCounter here_;
};

// The numbers of client-api.md, as Mastodon has them.
RateLimit limit_of(LimitClass limit_class, RateSubject::Kind kind);

}  // namespace kith
