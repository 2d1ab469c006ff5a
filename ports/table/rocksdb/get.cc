#include "ports/table/rocksdb/get.h"

namespace kith::rocks {
namespace {

// A row stays in the cache beyond its end, for its version; nobody sees it.
void drop_expired(Clock const& clock, std::vector<RowPtr>& rows) {
  Time now = no_time;
  for (RowPtr& row : rows) {
    if (!row || row->header.expires_at == no_time) continue;
    if (now == no_time) now = clock.now();
    if (row->header.expires_at <= now) row = nullptr;
  }
}

RowPtr parsed(RowCache& cache, RowKey const& key, RowCache::Ticket ticket, RowState const& state) {
  CachedRow row{nullptr, state.version, state.operation, state.expires_at};
  if (state.version != 0 && !state.erased) row.row = key.table->parse(key, state.header(), state.value);
  cache.fill(key, ticket, row);
  return row.row;
}

}  // namespace

Task<std::vector<RowPtr>> get_rows(Db& db, RowCache& cache, std::vector<RowKey> keys) {
  std::vector<RowPtr> rows;
  std::vector<std::size_t> missing;
  cache.find(keys, rows, missing);
  if (!missing.empty()) {
    std::vector<std::string> encoded;
    std::vector<RowCache::Ticket> tickets;
    for (std::size_t const i : missing) {
      encoded.push_back(encode_key(keys[i]));
      tickets.push_back(cache.ticket(keys[i]));
    }
    std::vector<RowState> const states = co_await read_states(db, std::move(encoded));
    for (std::size_t i = 0; i < missing.size(); ++i)
      rows[missing[i]] = parsed(cache, keys[missing[i]], tickets[i], states[i]);
  }
  drop_expired(db.clock, rows);
  co_return rows;
}

bool get_cached(Db& db, RowCache& cache, std::span<RowKey const> keys, std::vector<RowPtr>& rows) {
  std::vector<std::size_t> missing;
  cache.find(keys, rows, missing);
  if (!missing.empty()) return false;
  drop_expired(db.clock, rows);
  return true;
}

}  // namespace kith::rocks
