#pragma once

// What services use instead of bytes: the structs generated from their .proto, read and changed in
// the tables of one service. T below is such a struct; T::Key and T::Partition name its row and
// its partition.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "ports/clock/ids.h"
#include "ports/log/dispatch.h"
#include "ports/secrets/keys.h"
#include "ports/table/sealed.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith {

template <class T>
struct TypedRow : Row {
  T value;
};

// A row as it was read, or its absence. Cheap to copy; the row never changes.
template <class T>
class Found {
 public:
  Found() = default;
  explicit Found(RowPtr row) : row_(std::move(row)) {}

  explicit operator bool() const { return row_ != nullptr; }
  T const& operator*() const { return static_cast<TypedRow<T> const&>(*row_).value; }
  T const* operator->() const { return &**this; }
  Version version() const { return row_ ? row_->header.version : 0; }

 private:
  RowPtr row_;
};

template <class T>
struct FoundRows {
  std::vector<Found<T>> rows;
  bool more = false;

  auto begin() const { return rows.begin(); }
  auto end() const { return rows.end(); }
};

// The smallest sort key beyond every key that begins with this prefix.
std::string after(std::string prefix);

// Which rows of a partition: from <= sort key < to. Bounds are made by T::sort(first parts...):
//   {.partition = {me}, .from = Tie::sort(Kind::friend), .to = after(Tie::sort(Kind::friend))}
template <class T>
struct Scan {
  typename T::Partition partition;
  std::string from = {};
  std::string to = {};
  bool backwards = false;
  std::size_t limit = 100;
};

// One intended change of one partition of strict rows.
//
//   Change change(call.operation);
//   change.insert(Vote{...});                                  // refused when there already
//   change.replace(poll, closed);                              // refused when changed since it was read
//   change.add<Tally>({poll}, Tally::Field::yes, 1);
//   change.emit(VoteChanged{...});
//   Committed const committed = co_await tables.commit(std::move(change));
class Change {
 public:
  // Zero: Tables names the operation.
  explicit Change(OperationId operation = 0) { commit_.operation = operation; }

  template <class T>
  void insert(T const& row) {
    commit_.checks.push_back({T::encode_key(row.key()), std::nullopt});
    put(row);
  }
  // `as_read` may be an absence: then the row must still be absent.
  template <class T>
  void replace(Found<T> const& as_read, T const& row) {
    check(row.key(), as_read);
    put(row);
  }
  // Whatever is there.
  template <class T>
  void put(T const& row) {
    commit_.puts.push_back({T::encode_key(row.key()), {}, T::expires_at(row)});
    if constexpr (T::has_sealed)
      seal(commit_.puts.size() - 1, row, puts_to_seal_);
    else
      commit_.puts.back().value = encode(row);
  }
  template <class T>
  void check(typename T::Key const& key, Found<T> const& as_read) {
    commit_.checks.push_back({T::encode_key(key), as_read ? std::optional<Version>(as_read.version()) : std::nullopt});
  }
  template <class T>
  void erase(Found<T> const& as_read) {
    commit_.checks.push_back({T::encode_key(as_read->key()), as_read.version()});
    commit_.erases.push_back(commit_.checks.back().key);
  }
  template <class T>
  void erase(typename T::Key const& key) {
    commit_.erases.push_back(T::encode_key(key));
  }
  // The new number comes back as Committed::sums, in the order of the calls. Needs a check (insert,
  // replace, erase) on another row.
  template <class T>
  void add(typename T::Key const& key, typename T::Field field, std::int64_t delta) {
    commit_.adds.push_back({T::encode_key(key), static_cast<std::uint32_t>(field), delta});
  }
  // Content that belongs to the change: durable no later than the commit itself.
  template <class T>
  void first(T const& row, Version version) {
    commit_.first.push_back({T::encode_key(row.key()), {}, version, T::expires_at(row)});
    if constexpr (T::has_sealed)
      seal(commit_.first.size() - 1, row, firsts_to_seal_);
    else
      commit_.first.back().value = encode(row);
  }
  // What follows from this in another partition of the service, and what a follower of the events would make: an
  // engine that can makes it at once. Without sealed fields, content and events.
  void along(Change derived) { along_.push_back(std::move(derived)); }
  // For what nobody is told is done, and what comes again by itself: it waits for no disk.
  void may_be_lost() { commit_.may_be_lost = true; }
  template <class E>
  void emit(E const& event, Time due = no_time) {
    commit_.events.push_back({.kind = std::string(E::kind),
                              .schema = E::schema,
                              .key = event.event_key(),
                              .body = encode(event),
                              .due = due});
  }

 private:
  friend class Tables;
  struct ToSeal {
    std::size_t index;
    AccountId owner;
    std::function<std::string(DataKey const*)> encode;  // null when the owner has no key
  };
  template <class T>
  void seal(std::size_t index, T const& row, std::vector<ToSeal>& list) {
    list.push_back({index, row.sealed_owner(), [row](DataKey const* key) { return sealed_value(row, key); }});
  }
  template <class T>
  static std::string sealed_value(T row, DataKey const* key);

  Commit commit_;
  std::vector<ToSeal> puts_to_seal_;
  std::vector<ToSeal> firsts_to_seal_;
  std::vector<Change> along_;
};

// How a commit ended.
class Committed {
 public:
  explicit Committed(Outcome outcome) : outcome_(std::move(outcome)) {}

  bool done() const { return outcome_.done; }
  bool conflict() const { return !outcome_.done; }
  Version version(std::size_t put = 0) const { return outcome_.versions.at(put); }
  std::int64_t sum(std::size_t add = 0) const { return outcome_.sums.at(add); }
  // After a conflict: the checked row as it is now, in the order of insert, replace, check, erase.
  template <class T>
  Found<T> as_is(std::size_t check = 0) const {
    return Found<T>(outcome_.rows.at(check));
  }

 private:
  Outcome outcome_;
};

struct TableNumbers;

class Tables {
 public:
  struct Needs {
    Strict& strict;
    Wide& wide;
    Keys& keys;
    Ids& ids;
    Dispatch& dispatch;
  };
  explicit Tables(Needs needs) : needs_(needs) {}

  // From now on calls of the engines are counted there, and are spans of the traces they belong to. Before any call.
  void observe(TableNumbers const& numbers) { numbers_ = &numbers; }

  // For `gather`, of reads of strict tables.
  bool apart() const { return needs_.strict.apart(); }

  template <class T>
  Task<Found<T>> get(typename T::Key key) {
    auto& [encoded, rows] = scratch();
    encoded.clear();
    encoded.push_back(T::encode_key(key));
    if (T::table().table_class == TableClass::strict && needs_.strict.get_now(encoded, rows))
      co_return Found<T>(std::move(rows.front()));
    auto fetched = co_await fetch(T::table().table_class, std::move(encoded));
    co_return Found<T>(std::move(fetched.front()));
  }
  // In the order of the keys; any number of keys.
  template <class T>
  Task<std::vector<Found<T>>> get_many(std::vector<typename T::Key> keys) {
    std::vector<Found<T>> found;
    found.reserve(keys.size());
    auto& [encoded, rows] = scratch();
    encoded.clear();
    for (auto const& key : keys) encoded.push_back(T::encode_key(key));
    if (T::table().table_class == TableClass::strict && needs_.strict.get_now(encoded, rows)) {
      for (auto& row : rows) found.emplace_back(std::move(row));
      co_return found;
    }
    auto fetched = co_await fetch(T::table().table_class, std::move(encoded));
    for (auto& row : fetched) found.emplace_back(std::move(row));
    co_return found;
  }
  // Rows of several tables of one class, each as by `get_many`, in one call of the engine: for engines that are apart.
  template <class... T>
  Task<std::tuple<std::vector<Found<T>>...>> get_each(std::vector<typename T::Key>... keys) {
    std::vector<RowKey> encoded;
    encoded.reserve((keys.size() + ...));
    (encode_all<T>(keys, encoded), ...);
    auto fetched = co_await fetch(std::get<0>(std::tuple(&T::table()...))->table_class, std::move(encoded));
    auto row = fetched.begin();
    co_return std::tuple<std::vector<Found<T>>...>{next_found<T>(row, keys.size())...};
  }
  template <class T>
  Task<FoundRows<T>> scan(Scan<T> scan) {
    Scanned scanned = co_await fetch(Range{&T::table(), T::encode_partition(scan.partition), std::move(scan.from),
                                           std::move(scan.to), scan.backwards, scan.limit});
    FoundRows<T> found{.rows = {}, .more = scanned.more};
    found.rows.reserve(scanned.rows.size());
    for (auto& row : scanned.rows) found.rows.emplace_back(std::move(row.row));
    co_return found;
  }
  // A copy whose sealed fields can be read; dark ones read as empty.
  template <class T>
  Task<T> open(Found<T> found) {
    DataKeyPtr const key = co_await needs_.keys.get(found->sealed_owner());
    co_return opened(*found, key.get());
  }
  // In the order given; each owner's key is asked for once.
  template <class T>
  Task<std::vector<T>> open_many(std::vector<Found<T>> found) {
    std::vector<T> open;
    open.reserve(found.size());
    if (found.size() > 1 && needs_.keys.apart()) {
      std::vector<AccountId> owners;
      for (Found<T> const& row : found) owners.push_back(row->sealed_owner());
      co_await needs_.keys.bring(std::move(owners));
    }
    AccountId last = {};
    DataKeyPtr key;
    for (Found<T> const& row : found) {
      if (AccountId const owner = row->sealed_owner(); owner != last || !key) {
        key = co_await needs_.keys.get(owner);
        last = owner;
      }
      open.push_back(opened(*row, key.get()));
    }
    co_return open;
  }

  // All or nothing. An outcome nobody knows is asked for again with the same operation; after the
  // commit the echo handlers of its events have run.
  Task<Committed> commit(Change change);

  // Wide rows. `version`: that of the truth they derive from; an older one changes nothing.
  template <class T>
  Task<void> put(std::vector<T> rows, Version version) {
    std::vector<WidePut> puts;
    puts.reserve(rows.size());
    for (T& row : rows) {
      DataKeyPtr key;
      if constexpr (T::has_sealed) key = co_await needs_.keys.get(row.sealed_owner());
      RowKey place = T::encode_key(row.key());
      Time const expires_at = T::expires_at(row);
      puts.push_back({std::move(place), value_of(std::move(row), key.get()), version, expires_at});
    }
    co_await put(std::move(puts));
  }
  template <class T>
  Task<void> erase(std::vector<typename T::Key> keys, Version version) {
    std::vector<WideErase> erases;
    erases.reserve(keys.size());
    for (auto const& key : keys) erases.push_back({T::encode_key(key), version});
    co_await erase(std::move(erases));
  }
  // The same row in many partitions; the partition fields of `row` do not matter. Any number.
  template <class T>
  Task<void> spread(T row, std::vector<typename T::Partition> partitions, Version version) {
    static_assert(!T::has_sealed, "a sealed row has one owner and is not spread");
    Spread spread{&T::table(), T::encode_key(row.key()).sort, encode(row), version, T::expires_at(row), {}};
    spread.partitions.reserve(partitions.size());
    for (auto const& partition : partitions) spread.partitions.push_back(T::encode_partition(partition));
    co_await spread_all(std::move(spread));
  }

  // One step of a walk over every row of a table; an empty cursor begins, and an empty one ends it.
  template <class T>
  Task<std::pair<std::vector<Found<T>>, std::string>> walk(std::string cursor, std::size_t limit) {
    RawPage page = co_await fetch_all(T::table(), std::move(cursor), limit);
    std::vector<Found<T>> found;
    for (RawRow const& raw : page.rows) found.emplace_back(T::table().parse(raw.key, raw.header, raw.value));
    co_return std::pair(std::move(found), std::move(page.cursor));
  }

  // For Log::append, by a handler that has nothing to commit; under the trace that the handler runs under.
  template <class E>
  Event event(E const& body) {
    return named({.kind = std::string(E::kind), .schema = E::schema, .key = body.event_key(), .body = encode(body)});
  }

  Ids& ids() { return needs_.ids; }

 private:
  template <class T>
  static void encode_all(std::vector<typename T::Key> const& keys, std::vector<RowKey>& encoded) {
    for (auto const& key : keys) encoded.push_back(T::encode_key(key));
  }
  template <class T>
  static std::vector<Found<T>> next_found(std::vector<RowPtr>::iterator& row, std::size_t count) {
    std::vector<Found<T>> found;
    found.reserve(count);
    for (auto const end = row + static_cast<std::ptrdiff_t>(count); row != end; ++row)
      found.emplace_back(std::move(*row));
    return found;
  }
  template <class T>
  static T opened(T row, DataKey const* key) {
    RowKey const place = T::encode_key(row.key());
    row.each_sealed([&](std::uint32_t field, Sealed& sealed) { sealed.open(key, place, field); });
    return row;
  }
  template <class T>
  static std::string value_of(T row, DataKey const* key) {
    if constexpr (T::has_sealed) return Change::sealed_value(std::move(row), key);
    return encode(row);
  }
  // Room of this thread's own, until something has to be waited for.
  struct Scratch {
    std::vector<RowKey> keys;
    std::vector<RowPtr> rows;
  };
  static Scratch& scratch();
  Event named(Event event);
  Task<std::vector<RowPtr>> fetch(TableClass table_class, std::vector<RowKey> keys);
  Task<Scanned> fetch(Range range);
  Task<RawPage> fetch_all(TableDescription const& table, std::string cursor, std::size_t limit);
  Task<void> put(std::vector<WidePut> puts);
  Task<void> erase(std::vector<WideErase> erases);
  Task<void> spread_all(Spread spread);

  Needs needs_;
  TableNumbers const* numbers_ = nullptr;
};

template <class T>
std::string Change::sealed_value(T row, DataKey const* key) {
  RowKey const place = T::encode_key(row.key());
  row.each_sealed([&](std::uint32_t field, Sealed& sealed) {
    if (!sealed.fresh()) return;
    // The owner was erased while this was on its way: nothing may be written for them in the clear.
    if (key == nullptr) throw Error{Code::not_found, "This account is gone"};
    sealed.seal(*key, place, field);
  });
  return encode(row);
}

}  // namespace kith
