#include "ports/table/rocksdb/lane.h"

#include <rocksdb/file_system.h>
#include <sys/prctl.h>

#include <chrono>

#include "base/check.h"

namespace kith::rocks {
namespace {

// While others are in flight it pays to wait a little until as many are here as last time: a synced write
// costs more than the wait.
constexpr auto linger = std::chrono::microseconds{50};
constexpr std::size_t linger_enough = 16;
// A job waits for at most two writes; if so many wait, the disk has stopped.
constexpr std::size_t waiting_max = 10'000;
constexpr Duration generation_length = std::chrono::seconds{1};
// Some 100 MB with ordinary rows; a burst only makes generations shorter.
constexpr std::size_t generation_changes_max = 200'000;
constexpr Duration disk_look = std::chrono::milliseconds{100};

// The lane measures real pauses, whatever time the clock of the community says.
Duration steady() { return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()); }

CachedRow cached(RowKey const& key, RowState const& state) {
  CachedRow row{nullptr, state.version, state.operation, state.expires_at};
  if (!state.erased) row.row = key.table->parse(key, state.header(), state.value);
  return row;
}

}  // namespace

bool JobRow::find(RowCache& cache) {
  CachedRow cached;
  parsed = nullptr;
  if (!cache.find(key, cached)) return false;
  seen = {
      .version = cached.version, .operation = cached.operation, .expires_at = cached.expires_at, .erased = !cached.row};
  if (bytes && cached.row) seen.value = key.table->encode(*cached.row);
  parsed = std::move(cached.row);
  return true;
}

Task<void> read(Db& db, std::vector<JobRow*> rows) {
  if (rows.empty()) co_return;
  std::vector<std::string> keys;
  keys.reserve(rows.size());
  for (JobRow const* row : rows) keys.push_back(row->encoded);
  std::vector<RowState> states = co_await read_states(db, std::move(keys));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i]->seen = std::move(states[i]);
}

void Lane::start(EventWriter& events) {
  events_ = &events;
  stopping_ = false;
  thread_ = std::thread([this] {
    prctl(PR_SET_NAME, "lane");
    prctl(PR_SET_TIMERSLACK, 1000);  // else a wait of 50 µs takes 100
    loop();
  });
}

void Lane::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Task<bool> Lane::pass(LaneJob& job) {
  job.end_ = LaneJob::End::done;
  job.why_.clear();
  job.failure_ = nullptr;
  co_await park(job.parked_, [this, &job] { submit(job); });
  if (job.failure_) std::rethrow_exception(job.failure_);
  switch (job.end_) {
    case LaneJob::End::done: co_return true;
    case LaneJob::End::stale: co_return false;
    case LaneJob::End::unknown: throw Error{Code::unknown, "Storage is not available", job.why_};
    case LaneJob::End::unavailable: break;
  }
  throw Error{Code::unavailable, "Storage is not available", job.why_};
}

void Lane::submit(LaneJob& job) {
  bool notify = false;
  bool refused = false;
  {
    std::lock_guard const lock(mutex_);
    refused = stopping_ || waiting_.size() >= waiting_max;
    if (refused) {
      job.end_ = LaneJob::End::unavailable;
      job.why_ = stopping_ ? "the storage engine has stopped" : "too many writes wait for the disk";
    } else {
      waiting_.push_back(&job);
      notify = idle_ || waiting_.size() == wanted_;
      idle_ = false;
    }
  }
  if (notify) wake_.notify_one();
  if (refused) {
    Wakes wakes;
    wakes.add(job.parked_);
    wakes.wake();
  }
}

void Lane::loop() {
  std::vector<LaneJob*> jobs;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      idle_ = waiting_.empty();
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      if (waiting_.size() < wanted_)
        wake_.wait_for(lock, linger, [this] { return stopping_ || waiting_.size() >= wanted_; });
      idle_ = false;
      jobs.swap(waiting_);
      wanted_ = std::min(jobs.size(), linger_enough);
      ++counts_.batches;
      counts_.jobs += jobs.size();
    }
    serve(jobs);
    jobs.clear();
  }
}

void Lane::serve(std::vector<LaneJob*> const& jobs) {
  if (refuses()) {
    for (LaneJob* job : jobs) {
      job->end_ = LaneJob::End::unavailable;
      job->why_ = refusal_;
    }
    wake(jobs);
    return;
  }
  next_generation();
  now_ = needs_.db.clock.now();
  bool sync = false;
  judge(jobs, sync);
  for (ChangePtr const& change : changes_)
    if (!superseded(*change)) batch_.Put(needs_.db.rows, change->encoded, encode_state(change->state));
  rocksdb::Status status;
  if (batch_.Count() > 0) {
    rocksdb::WriteOptions options;
    options.sync = sync;
    status = needs_.db.db->Write(options, &batch_);
  }
  if (status.ok()) {
    publish();
    events_->written();
  } else {
    give_up(jobs, status);
    events_->failed();
  }
  batch_.Clear();
  changes_.clear();
  if (sync) {
    std::lock_guard const lock(mutex_);
    ++counts_.syncs;
  }
  wake(jobs);
}

void Lane::judge(std::vector<LaneJob*> const& jobs, bool& sync) {
  for (LaneJob* job : jobs) {
    try {
      job->verdict_ = job->judge(*this);
      if (job->verdict_ == LaneJob::Verdict::changes) sync = sync || job->synced;
      if (job->verdict_ == LaneJob::Verdict::stale) job->end_ = LaneJob::End::stale;
    } catch (...) {  // it has decided nothing, so it has written nothing
      job->verdict_ = LaneJob::Verdict::nothing;
      job->failure_ = std::current_exception();
    }
  }
}

RowState const* Lane::recent(std::string const& encoded) const {
  if (auto const found = recent_.find(encoded); found != recent_.end()) return &found->second->state;
  if (auto const found = before_.find(encoded); found != before_.end()) return &found->second->state;
  return nullptr;
}

void Lane::write(RowKey key, std::string encoded, RowState state) {
  auto change = std::make_shared<Change const>(Change{std::move(key), std::move(encoded), std::move(state)});
  // The map's key is a view into the change: the old one goes before its change does.
  if (auto const old = recent_.find(change->encoded); old != recent_.end()) recent_.erase(old);
  recent_.emplace(change->encoded, change);
  changes_.push_back(std::move(change));
}

bool Lane::superseded(Change const& change) const { return recent_.find(change.encoded)->second.get() != &change; }

void Lane::publish() {
  for (ChangePtr const& change : changes_) {
    if (superseded(*change)) continue;
    try {
      // What is derived is mostly scanned: kept up to date if it is here, but not fetched in.
      bool const here = needs_.cache.announce(change->key);
      if (here || is_truth(change->key.table)) needs_.cache.publish(change->key, cached(change->key, change->state));
    } catch (...) {  // bytes that are not of this table: whoever reads them is told
      needs_.cache.forget(change->key);
    }
  }
}

void Lane::give_up(std::vector<LaneJob*> const& jobs, rocksdb::Status const& status) {
  // The record may be whole in the file though its sync failed; a restart would then find it.
  for (LaneJob* job : jobs) {
    if (job->end_ != LaneJob::End::done || job->failure_) continue;
    bool const wrote = job->verdict_ == LaneJob::Verdict::changes;
    job->end_ = wrote ? LaneJob::End::unknown : LaneJob::End::unavailable;
    job->why_ = "write: " + status.ToString();
  }
  // What was judged is not there: nobody may build on it, nor on rows read before.
  recent_.clear();
  before_.clear();
  generation_.fetch_add(2, std::memory_order_acq_rel);
  for (ChangePtr const& change : changes_) needs_.cache.forget(change->key);
  failed_ = true;
  looked_at_disk_ = {};
}

void Lane::wake(std::vector<LaneJob*> const& jobs) {
  Wakes wakes;
  for (LaneJob* job : jobs) wakes.add(job->parked_);
  wakes.wake();
}

void Lane::next_generation() {
  Duration const now = steady();
  if (now - generation_began_ < generation_length && recent_.size() < generation_changes_max) return;
  generation_began_ = now;
  before_.swap(recent_);
  recent_.clear();
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

// Nothing is begun that the disk has no room for: a refusal is exact, a failed write is not.
bool Lane::refuses() {
  Duration const now = steady();
  if (now - looked_at_disk_ >= disk_look) {
    looked_at_disk_ = now;
    refusal_.clear();
    std::uint64_t free = 0;
    auto const status = needs_.db.db->GetFileSystem()->GetFreeSpace(needs_.folder, {}, &free, nullptr);
    if (status.ok() && free < needs_.free_bytes_min) {
      refusal_ = "the disk of " + needs_.folder + " is full";
    } else if (failed_) {
      rocksdb::Status const resumed = needs_.db.db->Resume();
      failed_ = !resumed.ok();
      if (failed_) refusal_ = "a write failed and the database must be restarted: " + resumed.ToString();
    }
    refusing_.store(!refusal_.empty(), std::memory_order_relaxed);
  }
  return !refusal_.empty();
}

Lane::Counts Lane::counts() const {
  std::lock_guard const lock(mutex_);
  Counts counts = counts_;
  counts.waiting = waiting_.size();
  return counts;
}

}  // namespace kith::rocks
