#include "tests/simulation/faults.h"

#include <iterator>
#include <memory>

#include "base/error.h"

namespace kith::simulation {
namespace {

constexpr Duration usual = std::chrono::milliseconds{4};
constexpr Duration slow = std::chrono::milliseconds{800};  // longer than an echo waits
constexpr Duration late = std::chrono::seconds{4};

std::uint64_t number_of(Outcome const& outcome) { return outcome.done ? 1 : 0; }

}  // namespace

Task<void> Faults::sleep(Duration longest) { co_await time_.sleep(random_.wait(longest)); }

Task<void> Faults::pause() { co_await sleep(random_.chance(rates_.slow) ? slow : usual); }

Task<void> Faults::call(char const* what) {
  co_await pause();
  if (!random_.chance(rates_.unavailable)) co_return;
  trace_.note("unavailable", {}, what);
  throw Error{Code::unavailable, "Storage is not available", what};
}

Faults::Fate Faults::fate() {
  if (!random_.chance(rates_.unknown)) return Fate::done;
  return random_.chance(500) ? Fate::lost_but_done : Fate::lost;
}

void Faults::lose(char const* what) {
  trace_.note("unknown", {}, what);
  throw Error{Code::unknown, "Nobody knows whether this was done", what};
}

Task<std::vector<RowPtr>> FaultyStrict::get(std::vector<RowKey> keys) {
  co_await faults_.call("get");
  co_return co_await engine_.get(std::move(keys));
}

bool FaultyStrict::get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) {
  // An engine answers at once from memory, or not: nobody may rely on either.
  return faults_.chance(700) && engine_.get_now(keys, rows);
}

Task<Scanned> FaultyStrict::scan(Range range) {
  co_await faults_.call("scan");
  co_return co_await engine_.scan(std::move(range));
}

Task<Outcome> FaultyStrict::commit(Commit commit) {
  co_await faults_.call("commit");
  OperationId const operation = commit.operation;
  Faults::Fate const fate = faults_.fate();
  if (fate == Faults::Fate::lost) faults_.lose("commit");
  if (faults_.apart() || faults_.chance(300)) commit.along.clear();
  Outcome outcome = co_await engine_.commit(std::move(commit));
  faults_.trace().note("commit", {operation, number_of(outcome)});
  if (fate == Faults::Fate::lost_but_done) faults_.lose("commit, done");
  // Here the process may die: committed, and nobody was told.
  co_await faults_.pause();
  co_return outcome;
}

Task<RawPage> FaultyStrict::scan_all(Table table, std::string cursor, std::size_t limit) {
  co_await faults_.call("scan_all");
  co_return co_await engine_.scan_all(table, std::move(cursor), limit);
}

Task<void> FaultyStrict::apply(std::vector<RawRow> rows) {
  co_await faults_.call("apply");
  co_await engine_.apply(std::move(rows));
}

Task<std::vector<RowPtr>> FaultyWide::get(std::vector<RowKey> keys) {
  co_await faults_.call("wide get");
  co_return co_await engine_.get(std::move(keys));
}

Task<Scanned> FaultyWide::scan(Range range) {
  co_await faults_.call("wide scan");
  co_return co_await engine_.scan(std::move(range));
}

// Each wide row stands for itself: what fails may have written some of them.
Task<void> FaultyWide::put(std::vector<WidePut> rows) {
  co_await faults_.call("put");
  Faults::Fate const fate = faults_.fate();
  if (fate == Faults::Fate::lost) rows.resize(faults_.random().below(rows.size() + 1));
  co_await engine_.put(std::move(rows));
  if (fate != Faults::Fate::done) faults_.lose("put");
  co_await faults_.pause();
}

Task<void> FaultyWide::erase(std::vector<WideErase> rows) {
  co_await faults_.call("erase");
  Faults::Fate const fate = faults_.fate();
  if (fate == Faults::Fate::lost) rows.resize(faults_.random().below(rows.size() + 1));
  co_await engine_.erase(std::move(rows));
  if (fate != Faults::Fate::done) faults_.lose("erase");
  co_await faults_.pause();
}

Task<void> FaultyWide::spread(Spread spread) {
  co_await faults_.call("spread");
  Faults::Fate const fate = faults_.fate();
  if (fate == Faults::Fate::lost) spread.partitions.resize(faults_.random().below(spread.partitions.size() + 1));
  co_await engine_.spread(std::move(spread));
  if (fate != Faults::Fate::done) faults_.lose("spread");
  co_await faults_.pause();
}

Task<RawPage> FaultyWide::scan_all(Table table, std::string cursor, std::size_t limit) {
  co_await faults_.call("wide scan_all");
  co_return co_await engine_.scan_all(table, std::move(cursor), limit);
}

Task<void> FaultyWide::apply(std::vector<RawRow> rows) {
  co_await faults_.call("wide apply");
  co_await engine_.apply(std::move(rows));
}

Task<void> FaultyLog::append(std::vector<Event> events) {
  co_await faults_.call("append");
  Faults::Fate const fate = faults_.fate();
  if (fate != Faults::Fate::lost) co_await engine_.append(std::move(events));
  if (fate != Faults::Fate::done) faults_.lose("append");
}

void FaultyLog::subscribe(Subscription subscription) {
  auto const handle = std::make_shared<std::function<Task<void>(Event)>>(std::move(subscription.handle));
  subscription.handle = [this, handle, group = subscription.group](Event event) {
    return deliver(*handle, group, std::move(event));
  };
  engine_.subscribe(std::move(subscription));
}

Task<void> FaultyLog::deliver(std::function<Task<void>(Event)> const& handle, std::string group, Event event) {
  Rates const& rates = faults_.rates();
  if (faults_.chance(rates.late)) co_await faults_.sleep(late);
  faults_.trace().note("deliver", {event.id.value}, group);
  if (faults_.chance(rates.handler_fails)) throw Error{Code::unavailable, "The handler died before its work"};
  if (faults_.chance(rates.doubled)) {
    Event copy = event;
    co_await handle(std::move(copy));
    co_await faults_.sleep(late);
  }
  co_await handle(std::move(event));
  if (faults_.chance(rates.handler_fails)) throw Error{Code::unavailable, "The handler died after its work"};
}

Task<void> FaultyLog::acknowledge(std::string group, EventId event) {
  if (faults_.chance(faults_.rates().acknowledgement_lost)) co_return;
  co_await faults_.call("acknowledge");
  co_await engine_.acknowledge(std::move(group), event);
}

Task<void> FaultyKeys::create(AccountId owner) {
  co_await faults_.call("create key");
  co_await engine_.create(owner);
  if (faults_.fate() != Faults::Fate::done) faults_.lose("create key");
}

Task<DataKeyPtr> FaultyKeys::get(AccountId owner) {
  co_await faults_.call("get key");
  co_return co_await engine_.get(owner);
}

Task<void> FaultyKeys::destroy(AccountId owner) {
  co_await faults_.call("destroy key");
  co_await engine_.destroy(owner);
}

}  // namespace kith::simulation
