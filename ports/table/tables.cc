#include "ports/table/tables.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "base/trace.h"
#include "ports/table/table_numbers.h"

namespace kith {
namespace {

// An engine that twice cannot say whether it wrote is not asked a fourth time: the caller repeats
// with the same operation, and the answer is still exact.
constexpr int commit_attempts_max = 3;

using Engine = TableNumbers::Engine;

Span span_of(Engine const* engine, char const* verb, Table table) {
  Span span = Span::child(SpanKind::client, verb);
  if (!span) return span;
  if (engine != nullptr) span.text("db.system.name", engine->name);
  if (table != nullptr) span.text("db.collection.name", std::string(table->service) + '.' + std::string(table->name));
  return span;
}

Table table_of(Commit const& commit) {
  if (!commit.puts.empty()) return commit.puts.front().key.table;
  if (!commit.erases.empty()) return commit.erases.front().table;
  return commit.checks.empty() ? nullptr : commit.checks.front().key.table;
}

// A call of an engine that is another process's.
template <class T>
Task<T> watched(TableNumbers const* numbers, Table table, CallNumbers Engine::* of, char const* verb, Task<T> call) {
  if (numbers == nullptr) return call;
  Engine const& engine = table->table_class == TableClass::strict ? numbers->strict : numbers->wide;
  if (!engine.apart) return call;
  return observed(&(engine.*of), span_of(&engine, verb, table), std::move(call));
}

}  // namespace

std::string after(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

Tables::Scratch& Tables::scratch() {
  thread_local Scratch scratch;
  return scratch;
}

Task<std::vector<RowPtr>> Tables::fetch(TableClass table_class, std::vector<RowKey> keys) {
  if (keys.size() <= multi_get_max) {
    if (keys.empty()) co_return std::vector<RowPtr>{};
    Table const table = keys.front().table;
    Task<std::vector<RowPtr>> rows =
        table_class == TableClass::strict ? needs_.strict.get(std::move(keys)) : needs_.wide.get(std::move(keys));
    co_return co_await watched(numbers_, table, &Engine::get, "get", std::move(rows));
  }
  std::vector<RowPtr> rows;
  rows.reserve(keys.size());
  for (std::size_t begin = 0; begin < keys.size(); begin += multi_get_max) {
    auto const end = std::min(begin + multi_get_max, keys.size());
    std::vector<RowKey> part(std::make_move_iterator(keys.begin() + static_cast<std::ptrdiff_t>(begin)),
                             std::make_move_iterator(keys.begin() + static_cast<std::ptrdiff_t>(end)));
    auto found = co_await fetch(table_class, std::move(part));
    std::ranges::move(found, std::back_inserter(rows));
  }
  co_return rows;
}

Task<Scanned> Tables::fetch(Range range) {
  Table const table = range.table;
  return watched(numbers_, table, &Engine::scan, "scan",
                 table->table_class == TableClass::strict ? needs_.strict.scan(std::move(range))
                                                          : needs_.wide.scan(std::move(range)));
}

Task<RawPage> Tables::fetch_all(TableDescription const& table, std::string cursor, std::size_t limit) {
  return watched(numbers_, &table, &Engine::walk, "walk",
                 table.table_class == TableClass::strict ? needs_.strict.scan_all(&table, std::move(cursor), limit)
                                                         : needs_.wide.scan_all(&table, std::move(cursor), limit));
}

Task<void> Tables::put(std::vector<WidePut> puts) {
  Table const table = puts.empty() ? nullptr : puts.front().key.table;
  Task<void> call = needs_.wide.put(std::move(puts));
  return table == nullptr ? std::move(call) : watched(numbers_, table, &Engine::write, "put", std::move(call));
}

Task<void> Tables::erase(std::vector<WideErase> erases) {
  Table const table = erases.empty() ? nullptr : erases.front().key.table;
  Task<void> call = needs_.wide.erase(std::move(erases));
  return table == nullptr ? std::move(call) : watched(numbers_, table, &Engine::write, "erase", std::move(call));
}

Task<void> Tables::spread_all(Spread spread) {
  auto const partitions = std::move(spread.partitions);
  for (std::size_t begin = 0; begin < partitions.size(); begin += spread_max) {
    auto const end = std::min(begin + spread_max, partitions.size());
    spread.partitions.assign(partitions.begin() + static_cast<std::ptrdiff_t>(begin),
                             partitions.begin() + static_cast<std::ptrdiff_t>(end));
    Spread part = spread;
    Task<void> call = needs_.wide.spread(std::move(part));
    co_await watched(numbers_, spread.table, &Engine::write, "spread", std::move(call));
  }
}

Event Tables::named(Event event) {
  event.id = needs_.ids.mint_as<EventId>();
  if (TraceHere const* const here = Span::here) {
    event.trace = here->trace;
    event.span = here->span;
  }
  return event;
}

Task<Committed> Tables::commit(Change change) {
  Commit& commit = change.commit_;
  if (commit.operation == 0) commit.operation = needs_.ids.mint();
  for (Event& event : commit.events) event.id = needs_.ids.mint_as<EventId>();
  for (auto const& put : change.puts_to_seal_) {
    DataKeyPtr const key = co_await needs_.keys.get(put.owner);
    commit.puts[put.index].value = put.encode(key.get());
  }
  for (auto const& first : change.firsts_to_seal_) {
    DataKeyPtr const key = co_await needs_.keys.get(first.owner);
    commit.first[first.index].value = first.encode(key.get());
  }
  for (Change& derived : change.along_) {
    check(derived.puts_to_seal_.empty(), "what goes along has no sealed fields");
    derived.commit_.operation = commit.operation;
    commit.along.push_back(std::move(derived.commit_));
  }
  Engine const* const engine = numbers_ == nullptr ? nullptr : &numbers_->strict;
  Span span = span_of(engine, "commit", table_of(commit));
  if (span)
    for (Event& event : commit.events) {
      event.trace = span.place().trace;
      event.span = span.place().span;
    }
  Observation observation(engine == nullptr ? nullptr : &engine->write, std::move(span));
  std::vector<Event> events = commit.events;
  bool perhaps_done = false;
  for (int attempt = 1;; ++attempt) {
    bool last = attempt == commit_attempts_max;
    std::optional<Outcome> outcome;
    try {
      Commit copy = commit;
      outcome = co_await needs_.strict.commit(std::move(copy));
    } catch (Error const& error) {
      // `unavailable` speaks of this attempt alone: an earlier one may have been done all the same.
      perhaps_done = perhaps_done || error.code == Code::unknown;
      if (!perhaps_done || last) observation.failed(error);
      if (!perhaps_done) throw;
      if (last) throw Error{Code::unknown, error.say, error.detail};
    }
    if (!outcome) continue;
    outcome->done ? observation.done() : observation.refused();
    if (outcome->done && !events.empty())
      co_await needs_.dispatch.echo(std::move(events), outcome->along ? table_of(commit)->service : std::string_view());
    co_return Committed(std::move(*outcome));
  }
}

}  // namespace kith
