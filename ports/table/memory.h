#pragma once

// Strict and wide tables, and keys, in memory: for tests and the simulation. They keep the contracts
// of strict.h, wide.h and keys.h, and keep them no better: a repeated operation is known by the rows
// that carry it, as on every engine. Nothing here suspends.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ports/clock/clock.h"
#include "ports/log/memory.h"
#include "ports/secrets/keys.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith {

// What tables keep: it outlives the engines as a disk outlives a process.
struct MemoryStore {
  struct Cell {
    RowHeader header = {};
    std::string value = {};
    bool erased = false;  // remembered, so that late writes lose and versions go on growing
    RowPtr parsed = {};   // made by the first read
  };
  struct Rows {
    Table table = nullptr;
    std::map<std::pair<std::string, std::string>, Cell> cells = {};  // by partition and sort key
  };

  std::mutex mutex;
  std::map<std::uint32_t, Rows> tables = {};  // by the table's number

  Cell* find(RowKey const& key);
  Cell& at(RowKey const& key);
};

class MemoryStrict final : public Strict {
 public:
  struct Needs {
    Clock& clock;
    MemoryStore& store;
    MemoryLog& log;
  };
  explicit MemoryStrict(Needs needs) : needs_(needs) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  bool get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) override;
  Task<Scanned> scan(Range range) override;
  Task<Outcome> commit(Commit commit) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  std::optional<Outcome> repeated(Commit const& commit, Time now);
  std::optional<Outcome> refused(Commit const& commit, Time now);
  Outcome applied(Commit& commit, Time now);

  Needs needs_;
};

class MemoryWide final : public Wide {
 public:
  struct Needs {
    Clock& clock;
    MemoryStore& store;
  };
  explicit MemoryWide(Needs needs) : needs_(needs) {}

  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override;
  Task<Scanned> scan(Range range) override;
  Task<void> put(std::vector<WidePut> rows) override;
  Task<void> erase(std::vector<WideErase> rows) override;
  Task<void> spread(Spread spread) override;
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override;
  Task<void> apply(std::vector<RawRow> rows) override;

 private:
  Needs needs_;
};

class MemoryKeys final : public Keys {
 public:
  Task<void> create(AccountId owner) override;
  Task<DataKeyPtr> get(AccountId owner) override;
  Task<void> destroy(AccountId owner) override;

 private:
  std::mutex mutex_;
  std::unordered_map<AccountId, DataKeyPtr> keys_;  // null: destroyed
};

}  // namespace kith
