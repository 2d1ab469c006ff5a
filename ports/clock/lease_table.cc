#include "ports/clock/lease_table.h"

#include <algorithm>

#include "base/check.h"
#include "base/error.h"
#include "ports/clock/leases.kith.h"
#include "ports/table/tables.h"

namespace kith {
namespace {

// With the same operation id, so that a repeat of what was done is done and not a conflict.
constexpr int tries_max = 5;

RowKey place_of(std::string const& name) { return leases::Lease::encode_key({name}); }

Lease lease_of(std::string name, RowPtr const& row) {
  if (!row) return {.name = std::move(name)};
  leases::Lease const& stored = static_cast<TypedRow<leases::Lease> const&>(*row).value;
  return {std::move(name), stored.holder, stored.ceiling, stored.until, row->header.version};
}

}  // namespace

Task<std::vector<Lease>> TableLeases::look(std::vector<std::string> names) {
  check(names.size() <= lease_names_max, "a look at leases has a limit");
  std::vector<RowKey> places;
  places.reserve(names.size());
  for (std::string const& name : names) places.push_back(place_of(name));
  auto const rows = co_await needs_.strict.get(std::move(places));
  std::vector<Lease> found;
  found.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) found.push_back(lease_of(std::move(names[i]), rows[i]));
  co_return found;
}

Task<std::optional<Lease>> TableLeases::put(Lease lease) {
  check(lease.name.size() <= lease_name_bytes_max, "the name of a lease has a limit");
  RowKey const place = place_of(lease.name);
  leases::Lease const row{.name = lease.name, .holder = lease.holder, .ceiling = lease.ceiling, .until = lease.until};
  Commit commit;
  commit.operation = needs_.random.below(id_max) + 1;
  commit.checks.push_back({place, lease.version == 0 ? std::nullopt : std::optional<Version>(lease.version)});
  commit.puts.push_back({place, encode(row)});
  for (int tries = 1;; ++tries) {
    std::optional<Outcome> outcome;
    try {
      Commit copy = commit;
      outcome = co_await needs_.strict.commit(std::move(copy));
    } catch (Error const& error) {
      if (error.code != Code::unknown || tries == tries_max) throw;
    }
    if (!outcome) continue;
    if (!outcome->done) co_return std::nullopt;
    lease.version = outcome->versions.at(0);
    co_return lease;
  }
}

}  // namespace kith
