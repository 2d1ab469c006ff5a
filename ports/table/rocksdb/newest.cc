#include "ports/table/rocksdb/newest.h"

namespace kith::rocks {

void NewestJob::add(RowKey key, RowState state) {
  if (state.version <= 0) throw Error{Code::internal, "Stored data cannot be written", "a row without a version"};
  synced = synced || is_truth(key.table);
  std::string encoded = encode_key(key);
  rows_.push_back({{.key = std::move(key), .encoded = std::move(encoded)}, std::move(state)});
}

Task<void> NewestJob::look(Db& db, RowCache& cache, Lane const& lane) {
  generation_ = lane.generation();
  std::vector<JobRow*> missing;
  // Between equal versions the bytes decide, as they are stored.
  for (Wanted& wanted : rows_)
    if (!wanted.row.find(cache) || wanted.row.seen.version == wanted.state.version) missing.push_back(&wanted.row);
  co_await read(db, std::move(missing));
}

std::vector<std::pair<RowKey, RowState>> NewestJob::take() {
  std::vector<std::pair<RowKey, RowState>> rows;
  for (Wanted& wanted : rows_) rows.emplace_back(std::move(wanted.row.key), std::move(wanted.state));
  return rows;
}

LaneJob::Verdict NewestJob::judge(Lane& lane) {
  for (Wanted const& wanted : rows_) was_moved_ = was_moved_ || (moved_ && moved_(wanted.row.key.table));
  if (was_moved_) return Verdict::nothing;
  bool const fresh = lane.fresh(generation_);
  for (Wanted const& wanted : rows_)
    if (!fresh && lane.recent(wanted.row.encoded) == nullptr) return Verdict::stale;
  bool changes = false;
  for (Wanted& wanted : rows_) {
    RowState const* const recent = lane.recent(wanted.row.encoded);
    if (!wins(wanted.state, recent != nullptr ? *recent : wanted.row.seen)) continue;
    if (wanted.state.erased) wanted.state.erased_at = lane.now();
    lane.write(std::move(wanted.row.key), std::move(wanted.row.encoded), std::move(wanted.state));
    changes = true;
  }
  // Even where nothing changes: what it lost to may still have to be synced.
  return changes || synced ? Verdict::changes : Verdict::nothing;
}

Task<void> write_newest(Db& db, RowCache& cache, Lane& lane, NewestJob& job) {
  if (job.empty()) co_return;
  for (;;) {
    co_await job.look(db, cache, lane);
    bool const passed = co_await lane.pass(job);
    if (passed) co_return;
  }
}

}  // namespace kith::rocks
