#pragma once

// Engines that fail as real ones do: slow, not available, nobody knows whether it was done; events
// late, twice and in the wrong order, handlers that fail before or after their work, lost
// acknowledgements. All within the ports' contracts: a service that is right stays right.

#include "ports/clock/virtual_time.h"
#include "ports/log/log.h"
#include "ports/secrets/keys.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"

namespace kith::simulation {

// Per mille of calls.
struct Rates {
  std::uint64_t unavailable = 15;
  std::uint64_t unknown = 15;  // of writes; half of them were done
  std::uint64_t slow = 20;     // beyond what an echo waits for
  std::uint64_t late = 250;    // of deliveries
  std::uint64_t doubled = 100;
  std::uint64_t handler_fails = 30;
  std::uint64_t acknowledgement_lost = 300;
};

// What fails next. Calm after the storm: then calls still take their time, so that they end in
// another order than they began.
class Faults {
 public:
  Faults(Random& random, VirtualTime& time, Trace& trace)
      : random_(random), time_(time), trace_(trace), apart_(random.chance(500)) {}

  void calm() { rates_ = Rates{0, 0, 0, 0, 0, 0, 0}; }
  void storm() { rates_ = Rates{}; }
  Rates const& rates() const { return rates_; }
  bool chance(std::uint64_t per_mille) { return random_.chance(per_mille); }
  // Whether the strict engine is as if on another machine, and is asked many things at once.
  bool apart() const { return apart_; }
  Random& random() { return random_; }
  Trace& trace() { return trace_; }

  // Some time passes; then perhaps the engine does not answer.
  Task<void> call(char const* what);
  Task<void> pause();
  Task<void> sleep(Duration longest);
  // Whether a write's outcome will be lost, and whether it is made at all.
  enum class Fate { done, lost_but_done, lost };
  Fate fate();
  [[noreturn]] void lose(char const* what);

 private:
  Random& random_;
  VirtualTime& time_;
  Trace& trace_;
  bool apart_;
  Rates rates_;
};

class FaultyStrict final : public Strict {
 public:
  FaultyStrict(Strict& engine, Faults& faults) : engine_(engine), faults_(faults) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  bool get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) override;
  bool apart() const override { return faults_.apart(); }
  Task<Scanned> scan(Range range) override;
  Task<Outcome> commit(Commit commit) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  Strict& engine_;
  Faults& faults_;
};

class FaultyWide final : public Wide {
 public:
  FaultyWide(Wide& engine, Faults& faults) : engine_(engine), faults_(faults) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  Task<Scanned> scan(Range range) override;
  Task<void> put(std::vector<WidePut> rows) override;
  Task<void> erase(std::vector<WideErase> rows) override;
  Task<void> spread(Spread spread) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  Wide& engine_;
  Faults& faults_;
};

class FaultyLog final : public Log {
 public:
  FaultyLog(Log& engine, Faults& faults) : engine_(engine), faults_(faults) {}

  Task<void> append(std::vector<Event> events) override;
  void subscribe(Subscription subscription) override;
  Task<void> acknowledge(std::string group, EventId event) override;
  Task<std::vector<Lag>> lag() override { return engine_.lag(); }
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override {
    return engine_.set_aside(std::move(group), limit);
  }
  Task<void> retry(std::string group, EventId event) override { return engine_.retry(std::move(group), event); }
  Task<void> replay(std::string group, Time since) override { return engine_.replay(std::move(group), since); }
  Task<void> caught_up(std::string group) override { return engine_.caught_up(std::move(group)); }

 private:
  Task<void> deliver(std::function<Task<void>(Event)> const& handle, std::string group, Event event);

  Log& engine_;
  Faults& faults_;
};

class FaultyKeys final : public Keys {
 public:
  FaultyKeys(Keys& engine, Faults& faults) : engine_(engine), faults_(faults) {}

  Task<void> create(AccountId owner) override;
  Task<DataKeyPtr> get(AccountId owner) override;
  Task<void> destroy(AccountId owner) override;

 private:
  Keys& engine_;
  Faults& faults_;
};

}  // namespace kith::simulation
