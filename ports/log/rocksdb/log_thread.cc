// The log's thread: reads on where a group is behind, wakes what waits for its time, remembers what is
// handled, forgets what is old.

#include <sys/prctl.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "ports/log/rocksdb/log.h"

namespace kith::rocks {
namespace {

constexpr std::size_t load_rows = 1'000;
constexpr Duration remember_every = std::chrono::milliseconds{100};
constexpr Duration sweep_every = std::chrono::minutes{10};
constexpr Duration retention = std::chrono::days{7};
// What waits for its time is looked at together, not each for itself.
constexpr Duration look_soon = std::chrono::milliseconds{20};

}  // namespace

void RocksLog::close() {
  {
    std::lock_guard const lock(mutex_);
    if (closing_) return;
    closing_ = stopping_ = true;
    waiters_.clear();
    due_waiters_.clear();
  }
  wake_.notify_one();
  if (!thread_.joinable()) return;
  thread_.join();
  Lock lock(mutex_);
  remember(lock);
}

void RocksLog::loop() {
  prctl(PR_SET_NAME, "log");
  Lock lock(mutex_);
  {
    lock.unlock();
    Time next = no_time;
    needs_.topic.due(Time{}, 0, next);
    lock.lock();
    if (next != no_time && (next_due_ == no_time || next < next_due_)) next_due_ = next;
    remembered_at_ = swept_at_ = needs_.db.clock.monotonic();
  }
  while (!closing_) {
    Duration const now = needs_.db.clock.monotonic();
    try {
      for (auto const& group : groups_) {
        group->make_ready(now);
        load(*group, lock);
        begin_work(*group);
      }
      if (now - remembered_at_ >= remember_every) remember(lock);
      if (now - swept_at_ >= sweep_every) sweep(lock);
    } catch (Error const&) {
      // The disk: all of this is tried again.
    }
    if (next_due_ != no_time && next_due_ <= needs_.db.clock.now() && !moving_due_ && !stopping_)
      boost::asio::co_spawn(next_executor(), settle_due(needs_.db.clock.now()), [](std::exception_ptr) {});
    wake_.wait_for(lock, std::chrono::duration_cast<std::chrono::nanoseconds>(next_step()));
  }
}

// How long nothing will have to be done, unless somebody says so. The clock may jump meanwhile, so
// it is asked again now and then.
Duration RocksLog::next_step() const {
  Duration const now = needs_.db.clock.monotonic();
  Duration step = std::chrono::seconds{1};
  bool timed = next_due_ != no_time;
  for (auto const& group : groups_) {
    if (!group->later.empty()) step = std::min(step, group->later.begin()->first - now);
    if (group->dirty) step = std::min(step, remembered_at_ + remember_every - now);
    if (behind(*group) && group->pending.size() < pending_max) step = look_soon;
    timed = timed || !group->later.empty();
  }
  if (timed) {
    if (next_due_ != no_time) step = std::min(step, next_due_ - needs_.db.clock.now());
    step = std::min(step, needs_.clock_look);
  }
  return std::max(step, std::min(look_soon, needs_.clock_look));
}

// Reads on where the group is behind, with the mutex released meanwhile.
void RocksLog::load(Group& group, Lock& lock) {
  while (behind(group) && group.pending.size() < pending_max && !closing_) {
    Offset const from = group.loaded_to;
    Offset upto = from;
    lock.unlock();
    std::vector<LoggedPtr> events;
    try {
      events = needs_.topic.read(from, load_rows, upto);
    } catch (...) {
      lock.lock();
      throw;
    }
    lock.lock();
    if (group.loaded_to != from) continue;  // asked to begin again further back
    for (LoggedPtr& logged : events) group.take_in(std::move(logged), {}, false);
    group.loaded_to = upto;
    group.dirty = true;
    begin_work(group);
  }
  if (!behind(group)) group.acked_ahead.clear();
  wake_settled();
}

void RocksLog::remember(Lock& lock) {
  rocksdb::WriteBatch batch;
  std::vector<Group*> remembered;
  for (auto const& group : groups_) {
    if (!started_ || !std::exchange(group->dirty, false)) continue;
    batch.Put(needs_.db.log, progress_key(group->subscription.group), encode(group->progress()));
    remembered.push_back(group.get());
  }
  remembered_at_ = needs_.db.clock.monotonic();
  if (remembered.empty()) return;
  if (needs_.lane.refusing()) {  // a full disk is left in peace
    for (Group* const group : remembered) group->dirty = true;
    return;
  }
  lock.unlock();
  auto const status = needs_.db.db->Write({}, &batch);
  lock.lock();
  if (!status.ok())
    for (Group* const group : remembered) group->dirty = true;
}

void RocksLog::sweep(Lock& lock) {
  Duration const now = needs_.db.clock.monotonic();
  swept_at_ = now;
  Offset below = needs_.topic.next();
  for (auto const& group : groups_) {
    Progress const progress = group->progress();
    below = std::min(below, progress.open.empty() ? progress.loaded_to : progress.open.front());
    if (progress.waiting_from != 0) below = std::min(below, progress.waiting_from);
    Time const before = needs_.db.clock.now() - aside_pause;
    bool const some = std::ranges::any_of(group->aside, [&](auto const& one) { return one.second <= before; });
    if (some && !stopping_) boost::asio::co_spawn(next_executor(), retry_hourly(*group), [](std::exception_ptr) {});
  }
  lock.unlock();
  try {
    needs_.topic.forget(needs_.db.clock.now() - retention, below);
  } catch (Error const&) {
    // Next hour.
  }
  lock.lock();
}

}  // namespace kith::rocks
