#include "ports/table/postgres/commit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"

namespace kith::postgres {
namespace {

constexpr int attempts_max = 4;

// A row that a transaction is about.
struct Place {
  RowKey key;
  Stored now = {};
  std::optional<Stored> next = {};
};

// The number that stands for the lock of a service's partition. Two that share one only wait for each other.
std::int64_t lock_of(RowKey const& key) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  auto const add = [&](std::string_view bytes) {
    for (char const byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  };
  add(key.table->service);
  add(key.partition);
  return static_cast<std::int64_t>(hash);
}

class Transaction {
 public:
  Transaction(Cluster& cluster, std::size_t shard, Clock& clock)
      : cluster(cluster), shard(*cluster.shards[shard]), clock(clock) {}
  virtual ~Transaction() = default;
  Transaction(Transaction const&) = delete;

  Task<void> run() {
    auto const began = std::chrono::steady_clock::now();
    Deadline const deadline = shard.deadline();
    for (int attempt = 1;; ++attempt) {
      bool over = co_await attempted(deadline);
      if (over) break;
      bool again = attempt < attempts_max && !shard.refusing();
      if (again) again = co_await shard.pause(attempt, deadline);
      if (!again) throw_failure("commit", why_);
    }
    cluster.counts.commit_micros += static_cast<std::uint64_t>(
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began).count());
  }

 protected:
  // Decides from what stands in all_places, and says in `next` of each what shall stand there. False: nothing.
  virtual bool judge(Time now) = 0;
  virtual std::vector<Event> const& events() const = 0;
  virtual bool synced() const { return true; }

  std::size_t place_of(RowKey const& key) {
    auto const found = std::ranges::find(all_places, key, &Place::key);
    if (found != all_places.end()) return static_cast<std::size_t>(found - all_places.begin());
    all_places.push_back({key});
    return all_places.size() - 1;
  }

  Cluster& cluster;
  Shard& shard;
  Clock& clock;
  std::vector<Place> all_places;

 private:
  // False: surely not applied, and another try may help. What cannot be helped is thrown.
  Task<bool> attempted(Deadline deadline) {
    std::optional<Shard::Turn> turn;
    if (!all_places.empty()) turn.emplace(co_await shard.turn(lock_of(all_places.front().key), deadline));
    Shard::Lease connection = co_await shard.lease(deadline);
    Answers looked = co_await connection->exchange(look(), deadline);
    if (!looked.whole) co_return lost(*connection.operator->(), looked.why);
    bool change = false;
    Result const* failure = looked.failure();
    Time const now = clock.now();
    if (failure == nullptr) {
      take(looked);
      change = judge(now);
    }
    if (failure != nullptr || !change) {
      co_await rolled_back(connection, deadline);
      if (failure == nullptr) co_return true;
      co_return refused(*failure);
    }

    Answers written = co_await connection->exchange(write(now), deadline);
    failure = written.failure();
    bool const kept = !written.results.empty() && failure == nullptr && written.results.back().done() == "COMMIT";
    if (kept) co_return true;
    if (!written.sent) co_return lost(*connection.operator->(), written.why);
    if (!written.whole) {
      lost(*connection.operator->(), written.why);
      ++cluster.counts.unknown;
      throw Error{Code::unknown, "Storage did not answer", "the answer to COMMIT was lost: " + written.why};
    }
    co_await rolled_back(connection, deadline);
    if (failure == nullptr) throw_failure("commit", "PostgreSQL rolled it back");
    co_return refused(*failure);
  }

  bool lost(Connection& connection, std::string why) {
    shard.lost(connection);
    why_ = std::move(why);
    return false;
  }
  bool refused(Result const& failure) {
    why_ = failure.why();
    if (!is_passing(failure)) throw_failure("commit", why_);
    return false;
  }
  Task<void> rolled_back(Shard::Lease& connection, Deadline deadline) {
    std::vector<Query> one(1, {&cluster.layout.rollback});
    co_await connection->exchange(std::move(one), deadline);
  }

  std::vector<Query> look() {
    Layout const& layout = cluster.layout;
    std::vector<Query> queries{{&layout.begin}};
    // In one order for everybody, so that nobody waits for a lock that waits for one's own.
    std::set<std::int64_t> locks;
    for (Place const& place : all_places) locks.insert(lock_of(place.key));
    for (auto const lock : locks) queries.push_back({&layout.lock, {bigint(lock)}});
    before_ = queries.size();

    asked_.clear();
    for (std::size_t i = 0; i < all_places.size(); ++i) asked_[all_places[i].key.table->number].push_back(i);
    std::vector<std::string> numbers, partitions, sorts;
    for (Place const& place : all_places) {
      numbers.push_back(bigint(place.key.table->number));
      partitions.push_back(place.key.partition);
      sorts.push_back(place.key.sort);
    }
    for (auto const& [number, places] : asked_) {
      std::vector<std::string> of_partitions, of_sorts;
      for (auto const i : places) {
        of_partitions.push_back(partitions[i]);
        of_sorts.push_back(sorts[i]);
      }
      queries.push_back({&layout.of(all_places[places.front()].key.table).get,
                         {array(type_bytea, of_partitions), array(type_bytea, of_sorts)}});
    }
    queries.push_back(
        {&layout.erased, {array(type_bigint, numbers), array(type_bytea, partitions), array(type_bytea, sorts)}});
    return queries;
  }

  void take(Answers const& answers) {
    for (Place& place : all_places) {
      place.now = {};
      place.next.reset();
    }
    std::size_t at = before_;
    for (auto const& [number, places] : asked_) {
      Result const& result = answers.results.at(at++);
      TableLayout const& layout = cluster.layout.of(all_places[places.front()].key.table);
      for (int row = 0; row < result.rows(); ++row)
        all_places[places.at(static_cast<std::size_t>(result.number(row, 0) - 1))].now = layout.read(result, row, 1);
    }
    Result const& erased = answers.results.at(at);
    for (int row = 0; row < erased.rows(); ++row)
      all_places.at(static_cast<std::size_t>(erased.number(row, 0) - 1)).now = {
          .version = erased.number(row, 1),
          .operation = static_cast<OperationId>(erased.number(row, 2)),
          .erased = true};
  }

  std::vector<Query> write(Time now) {
    Layout const& layout = cluster.layout;
    std::vector<Query> queries;
    for (Place const& place : all_places) {
      if (!place.next) continue;
      TableLayout const& table = layout.of(place.key.table);
      Cell const number = bigint(place.key.table->number), partition = place.key.partition, sort = place.key.sort;
      Stored const& next = *place.next;
      bool const stays = place.now.lives(now) && !next.erased;
      if (place.now.row && !stays) queries.push_back({&table.erase, {partition, sort}});
      if (next.erased) {
        queries.push_back({&layout.remember,
                           {number, partition, sort, bigint(next.version),
                            bigint(static_cast<std::int64_t>(next.operation)), timestamp(now)}});
        continue;
      }
      if (place.now.erased) queries.push_back({&layout.forget, {number, partition, sort}});
      std::vector<Cell> cells = table.cells(place.key, next);
      if (!stays) std::ranges::move(table.columns.of_key(place.key), std::back_inserter(cells));
      queries.push_back({stays ? &table.update : &table.insert, std::move(cells)});
    }
    for (Event const& event : events()) queries.push_back({&layout.emit, emitted(event, now)});
    if (!synced()) queries.push_back({&layout.unsynced});
    queries.push_back({&layout.commit});
    return queries;
  }

  std::string why_;
  std::size_t before_ = 0;  // the statements before the first that reads rows
  std::map<std::uint32_t, std::vector<std::size_t>> asked_;
};

class Committing final : public Transaction {
 public:
  Committing(Cluster& cluster, std::size_t shard, Clock& clock, Commit commit)
      : Transaction(cluster, shard, clock), commit_(std::move(commit)) {
    for (RowCheck const& check : commit_.checks) checks_.push_back(place_of(check.key));
    for (RowPut const& put : commit_.puts) puts_.push_back(place_of(put.key));
    for (RowKey const& key : commit_.erases) erases_.push_back(place_of(key));
    for (RowAdd const& add : commit_.adds) adds_.push_back(place_of(add.key));
  }

  Outcome outcome;

 private:
  std::vector<Event> const& events() const override { return commit_.events; }
  bool synced() const override { return !commit_.may_be_lost; }

  bool judge(Time now) override {
    outcome = {};
    if (repeated(now)) {
      ++cluster.counts.repeats;
      outcome.done = true;
      for (auto const put : puts_) outcome.versions.push_back(all_places[put].now.version);
      for (auto const erase : erases_) outcome.versions.push_back(all_places[erase].now.version);
      for (std::size_t i = 0; i < adds_.size(); ++i) {
        std::string value = all_places[adds_[i]].now.value;
        outcome.sums.push_back(add_to_field(value, commit_.adds[i].field, 0));
      }
      return false;
    }
    for (std::size_t i = 0; i < checks_.size(); ++i)
      if (!holds(i, now)) {
        ++cluster.counts.conflicts;
        for (auto const check : checks_) outcome.rows.push_back(as_it_is(all_places[check], now));
        return false;
      }
    change(now);
    return true;
  }

  // The rows themselves know which operation wrote them last.
  bool repeated(Time now) const {
    auto const carried = [&](std::size_t place) {
      if (all_places[place].now.operation != commit_.operation) return false;
      // Whoever has read what the operation wrote, and changes it again, does not repeat it.
      auto const check = std::ranges::find(checks_, place);
      return check == checks_.end() || !holds(static_cast<std::size_t>(check - checks_.begin()), now);
    };
    return std::ranges::any_of(puts_, carried) || std::ranges::any_of(erases_, carried);
  }
  bool holds(std::size_t check, Time now) const {
    Stored const& row = all_places[checks_[check]].now;
    auto const& version = commit_.checks[check].version;
    return version ? row.lives(now) && row.version == *version : !row.lives(now);
  }
  static RowPtr as_it_is(Place const& place, Time now) {
    if (!place.now.lives(now)) return nullptr;
    return place.key.table->parse(place.key, place.now.header(), place.now.value);
  }

  void change(Time now) {
    Version const at_least = now.time_since_epoch().count();
    auto const next = [&](std::size_t i) -> Stored& {
      Place& place = all_places[i];
      if (!place.next) {
        place.next = Stored{.version = std::max(place.now.version + 1, at_least), .operation = commit_.operation};
        if (place.now.lives(now)) {
          place.next->expires_at = place.now.expires_at;
          place.next->value = place.now.value;
        }
      }
      return *place.next;
    };
    for (std::size_t i = 0; i < puts_.size(); ++i) {
      Stored& row = next(puts_[i]);
      row.value = commit_.puts[i].value;
      row.expires_at = commit_.puts[i].expires_at;
    }
    for (auto const erase : erases_) {
      Stored& row = next(erase);
      row = Stored{.version = row.version, .operation = row.operation, .erased = true};
    }
    for (std::size_t i = 0; i < adds_.size(); ++i) {
      Stored& row = next(adds_[i]);
      row.erased = false;
      outcome.sums.push_back(add_to_field(row.value, commit_.adds[i].field, commit_.adds[i].delta));
    }
    for (auto const put : puts_) outcome.versions.push_back(all_places[put].next->version);
    for (auto const erase : erases_) outcome.versions.push_back(all_places[erase].next->version);
    outcome.done = true;
  }

  Commit commit_;
  std::vector<std::size_t> checks_, puts_, erases_, adds_;
};

class Applying final : public Transaction {
 public:
  Applying(Cluster& cluster, std::size_t shard, Clock& clock, std::vector<RawRow> rows)
      : Transaction(cluster, shard, clock), rows_(std::move(rows)) {
    for (RawRow const& row : rows_) at_.push_back(place_of(row.key));
  }

 private:
  std::vector<Event> const& events() const override { return none_; }

  bool judge(Time) override {
    bool change = false;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      RawRow const& raw = rows_[i];
      Place& place = all_places[at_[i]];
      Stored row{.version = raw.header.version,
                 .operation = raw.header.operation,
                 .expires_at = raw.erased ? no_time : raw.header.expires_at,
                 .erased = raw.erased};
      // As it will come back, so that two copies compare alike.
      if (!raw.erased) row.value = as_stored(raw);
      if (!wins(row, place.next ? *place.next : place.now)) continue;
      place.next = std::move(row);
      change = true;
    }
    return change;
  }
  std::string as_stored(RawRow const& raw) const {
    Columns const& columns = cluster.layout.of(raw.key.table).columns;
    auto const cells = columns.split(raw.value);
    return columns.join(
        [&](std::size_t i) { return cells[i] ? std::optional<std::string_view>(*cells[i]) : std::nullopt; });
  }
  // The newest version wins; a tie: the erase, then the larger bytes, then the later end.
  static bool wins(Stored const& one, Stored const& over) {
    if (one.version != over.version) return one.version > over.version;
    if (one.erased != over.erased) return one.erased;
    if (one.value != over.value) return one.value > over.value;
    auto const end = [](Stored const& row) { return row.expires_at == no_time ? Time::max() : row.expires_at; };
    return end(one) > end(over);
  }

  std::vector<RawRow> rows_;
  std::vector<std::size_t> at_;
  std::vector<Event> none_;
};

}  // namespace

std::string_view partition_of(Commit const& commit) {
  if (!commit.checks.empty()) return commit.checks.front().key.partition;
  if (!commit.puts.empty()) return commit.puts.front().key.partition;
  if (!commit.erases.empty()) return commit.erases.front().partition;
  if (!commit.adds.empty()) return commit.adds.front().key.partition;
  return commit.events.empty() ? std::string_view() : std::string_view(commit.events.front().key);
}

Task<Outcome> committed(Cluster& cluster, std::size_t shard, Clock& clock, Commit commit) {
  bool const emits = !commit.events.empty();
  Committing transaction(cluster, shard, clock, std::move(commit));
  co_await transaction.run();
  ++cluster.counts.commits;
  if (transaction.outcome.done && emits && cluster.emitted) cluster.emitted(shard);
  co_return std::move(transaction.outcome);
}

Task<void> applied(Cluster& cluster, std::size_t shard, Clock& clock, std::vector<RawRow> rows) {
  Applying transaction(cluster, shard, clock, std::move(rows));
  co_await transaction.run();
}

}  // namespace kith::postgres
