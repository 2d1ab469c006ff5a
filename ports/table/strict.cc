#include "ports/table/strict.h"

#include <algorithm>

#include "base/check.h"
#include "base/error.h"

namespace kith {
namespace {

struct Batch {
  std::string const* partition = nullptr;
  std::string_view service = {};
  std::size_t rows = 0;
  std::size_t bytes = 0;

  void strict(RowKey const& key, std::string_view value = {}) {
    check(key.table != nullptr && key.table->table_class == TableClass::strict,
          "a commit changes and checks strict rows only");
    check_limits(key, value);
    // NOLINTBEGIN(clang-analyzer-core.NonNullParamChecker): a row without a table ended at the first check
    if (partition == nullptr) {
      partition = &key.partition;
      service = key.table->service;
    }
    check(key.partition == *partition && key.table->service == service,
          "a commit names rows of one partition and one service");
    // NOLINTEND(clang-analyzer-core.NonNullParamChecker)
    count(key, value);
  }
  void count(RowKey const& key, std::string_view value) {
    ++rows;
    bytes += key.partition.size() + key.sort.size() + value.size();
  }
};

bool decides(Commit const& commit, RowKey const& key) {
  auto const checked = [&](RowKey const& written) {
    return !(written == key) && std::ranges::find(commit.checks, written, &RowCheck::key) != commit.checks.end();
  };
  return std::ranges::any_of(commit.puts, checked, &RowPut::key) || std::ranges::any_of(commit.erases, checked);
}

}  // namespace

void check_limits(Commit const& commit) {
  for (Commit const& derived : commit.along) {
    check(derived.first.empty() && derived.events.empty() && derived.along.empty() &&
              derived.operation == commit.operation,
          "what goes along are rows that change in the same operation");
    check_limits(derived);
  }
  check(commit.operation != 0, "a commit names its operation");
  Batch batch;
  for (RowCheck const& row : commit.checks) {
    batch.strict(row.key);
    // Beside the change of the same row this costs nothing more.
    --batch.rows;
  }
  for (RowPut const& put : commit.puts) batch.strict(put.key, put.value);
  for (RowKey const& key : commit.erases) batch.strict(key);
  for (RowAdd const& add : commit.adds) {
    batch.strict(add.key);
    check(decides(commit, add.key), "an add stands beside another row that the commit checks and changes");
  }
  for (WidePut const& first : commit.first) {
    check(first.key.table != nullptr && first.key.table->table_class == TableClass::wide && first.version > 0,
          "what comes before a commit are wide rows with versions");
    check_limits(first.key, first.value);
    batch.count(first.key, first.value);
  }
  if (batch.rows > batch_rows_max || commit.checks.size() > batch_rows_max)
    throw Error{Code::invalid, "This is too much at once", "a commit has at most 100 rows"};
  for (Event const& event : commit.events) {
    check(static_cast<bool>(event.id), "an event has an id before it is committed");
    check_limits(event);
    batch.bytes += event.kind.size() + event.key.size() + event.body.size();
  }
  if (commit.events.size() > batch_rows_max)
    throw Error{Code::invalid, "This is too much at once", "a commit has at most 100 events"};
  if (batch.bytes > batch_bytes_max)
    throw Error{Code::invalid, "This is too large to be stored", "a commit has at most 1 MiB"};
}

}  // namespace kith
