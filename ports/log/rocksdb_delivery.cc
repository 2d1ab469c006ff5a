// Delivery: who handles what, when again, and what is remembered of it.

#include <sys/prctl.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "ports/log/rocksdb_log.h"
#include "ports/table/rocksdb_newest.h"

namespace kith::rocks {
namespace {

// Enough to hide the disk, few enough that handlers leave room for requests.
constexpr std::uint32_t running_max = 64;
// A handler that never waits gives way to requests after so many events.
constexpr int in_a_row_max = 16;
constexpr std::size_t load_rows = 1'000;
constexpr std::size_t due_rows = 500;
constexpr Duration remember_every = std::chrono::milliseconds{100};
constexpr Duration sweep_every = std::chrono::minutes{10};
constexpr Duration aside_every = std::chrono::hours{1};
constexpr Duration pause_max = std::chrono::minutes{1};
constexpr Duration retention = std::chrono::days{7};
// What waits for its time is looked at together, not each for itself.
constexpr Duration look_soon = std::chrono::milliseconds{20};

Task<std::optional<std::string>> failure_of(Subscription const& to, Event event) {
  try {
    co_await to.handle(std::move(event));
    co_return std::nullopt;
  } catch (Error const& error) {
    co_return std::string(name_of(error.code)) + ": " + error.say;
  } catch (std::exception const& error) {
    co_return error.what();
  }
}

}  // namespace

// On the lane's thread, before the commits of the batch are answered: an acknowledgement finds its event.
void RocksLog::written(std::vector<LoggedPtr> events, Time next_due) {
  bool wake = false;
  {
    std::lock_guard const lock(mutex_);
    if (next_due != no_time && (next_due_ == no_time || next_due < next_due_)) {
      next_due_ = next_due;
      wake = true;
    }
    Duration const now = needs_.db.clock.monotonic();
    for (auto const& group : groups_) {
      if (!started_ || events.empty()) break;
      // Who is behind reads them from the disk in their turn.
      if (group->loaded_to != events.front()->offset || group->pending.size() >= pending_max) {
        wake = true;
        continue;
      }
      bool const timed = !group->later.empty();
      for (LoggedPtr const& logged : events) group->take_in(logged, now, true);
      group->loaded_to = events.back()->offset + 1;
      if (!group->dirty || (!timed && !group->later.empty())) wake = true;
      group->dirty = true;
      begin_work(*group);
    }
  }
  if (wake) wake_.notify_one();
}

boost::asio::any_io_executor const& RocksLog::next_executor() { return executors_[turn_++ % executors_.size()]; }

// Under the mutex. Begins as many workers as there is work for them.
void RocksLog::begin_work(Group& group) {
  if (!started_ || stopping_) return;
  auto begin = std::min<std::size_t>(group.ready.size(), running_max - group.running);
  for (; begin > 0; --begin) {
    ++group.running;
    ++running_;
    boost::asio::co_spawn(next_executor(), work(group), [](std::exception_ptr) {});
  }
}

Task<void> RocksLog::work(Group& group) {
  auto const executor = co_await boost::asio::this_coro::executor;
  // Never on the stack of whoever begins it, who holds the mutex.
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  for (int in_a_row = 1;; ++in_a_row) {
    std::optional<Taken> taken = take(group);
    if (!taken) co_return;
    auto failure = co_await failure_of(group.subscription, taken->logged->event);
    co_await finish(group, std::move(taken->logged), std::move(failure));
    if (in_a_row % in_a_row_max == 0) co_await boost::asio::post(executor, boost::asio::use_awaitable);
  }
}

// Nothing: this worker ends.
std::optional<RocksLog::Taken> RocksLog::take(Group& group) {
  std::lock_guard const lock(mutex_);
  while (!stopping_ && !group.ready.empty()) {
    Offset const offset = group.ready.front();
    group.ready.pop_front();
    auto const found = group.pending.find(offset);
    if (found == group.pending.end() || found->second.running) continue;
    found->second.running = true;
    return Taken{found->second.logged, found->second.hourly};
  }
  --group.running;
  if (--running_ == 0 && stopped_ != nullptr) {
    Wakes wakes;
    wakes.add(*std::exchange(stopped_, nullptr));
    wakes.wake();
  }
  return std::nullopt;
}

Task<void> RocksLog::finish(Group& group, LoggedPtr logged, std::optional<std::string> failure) {
  EventId const event = logged->event.id;
  std::uint32_t attempts = 0;
  bool was_aside = false;
  bool timed = false;
  {
    std::lock_guard const lock(mutex_);
    was_aside = group.aside.contains(event.value);
    auto const found = group.pending.find(logged->offset);
    if (found != group.pending.end()) {
      Group::Pending& pending = found->second;
      pending.running = false;
      if (failure) {
        attempts = ++pending.attempts;
        if (pending.hourly) attempts = attempts_max;
        if (attempts < attempts_max) {
          group.later.emplace(needs_.db.clock.monotonic() + pause_after(attempts), logged->offset);
          timed = true;
        }
      } else if (!was_aside) {
        group.drop(found);
      }
    } else {
      failure.reset();  // an echo has done it meanwhile
    }
    wake_settled();
  }
  if (timed) wake_.notify_one();
  if (failure && attempts >= attempts_max)
    co_await put_aside(group, std::move(logged), std::move(*failure), attempts);
  else if (!failure && was_aside)
    co_await forget_aside(group, event);
}

Task<void> RocksLog::put_aside(Group& group, LoggedPtr logged, std::string failure, std::uint32_t attempts) {
  Time const now = needs_.db.clock.now();
  std::string const key = aside_key(group.subscription.group, logged->event.id);
  std::string const row = encode(AsideRecord{logged->offset, now, attempts, std::move(failure), logged->event});
  PlainJob job([&](Lane& lane) { lane.batch().Put(needs_.db.log, key, row); }, false);
  bool stored = true;
  try {
    co_await needs_.lane.pass(job);
  } catch (Error const&) {  // the disk is full: it is tried again when there is room
    stored = false;
  }
  std::lock_guard const lock(mutex_);
  auto const found = group.pending.find(logged->offset);
  if (found == group.pending.end()) co_return;
  if (stored) {
    group.aside.insert_or_assign(logged->event.id.value, now);
    group.drop(found);
  } else {
    group.later.emplace(needs_.db.clock.monotonic() + pause_max, logged->offset);
  }
  wake_settled();
}

Task<void> RocksLog::forget_aside(Group& group, EventId event) {
  std::string const key = aside_key(group.subscription.group, event);
  PlainJob job([&](Lane& lane) { lane.batch().Delete(needs_.db.log, key); }, false);
  bool forgotten = true;
  try {
    co_await needs_.lane.pass(job);
  } catch (Error const&) {  // it stays aside and is handled once more
    forgotten = false;
  }
  std::lock_guard const lock(mutex_);
  if (forgotten) group.aside.erase(event.value);
  group.handled(event, false);
  wake_settled();
}

Duration RocksLog::pause_after(std::uint32_t attempts) const {
  Duration pause = needs_.retry_pause;
  for (; attempts > 1 && pause < pause_max; --attempts) pause *= 2;
  return std::min(pause, pause_max);
}

// Under the mutex.
void RocksLog::wake_settled() {
  Wakes wakes;
  std::erase_if(waiters_, [&](Waiter const& waiter) {
    if (!waiter.group->settled(waiter.below)) return false;
    wakes.add(*waiter.parked);
    return true;
  });
  wakes.wake();
}

// Returns when what was due by then is an event like all others.
Task<void> RocksLog::settle_due(Time now) {
  Parked parked;
  for (;;) {
    bool move = false;
    {
      std::lock_guard const lock(mutex_);
      if (!moving_due_) {
        if (next_due_ == no_time || next_due_ > now) co_return;
        move = moving_due_ = true;
        next_due_ = no_time;
      }
    }
    if (move) {
      co_await move_due(now);
      continue;
    }
    co_await park(parked, [&] {
      std::lock_guard const lock(mutex_);
      due_waiters_.push_back(&parked);
      if (!moving_due_) wake_due_waiters();
    });
  }
}

Task<void> RocksLog::move_due(Time now) {
  Time next = no_time;
  std::exception_ptr failure;
  try {
    auto const due = co_await needs_.db.workers.run([&] { return needs_.topic.due(now, due_rows, next); });
    PlainJob job(
        [&](Lane& lane) {
          // Deleted first: should the clock have been set back meanwhile, it is put there again.
          for (auto const& [key, event] : due) {
            lane.batch().Delete(needs_.db.log, key);
            lane.append(event);
          }
        },
        false);
    if (!due.empty()) co_await needs_.lane.pass(job);
  } catch (Error const&) {
    failure = std::current_exception();
    next = now;
  }
  {
    std::lock_guard const lock(mutex_);
    if (next != no_time && (next_due_ == no_time || next < next_due_)) next_due_ = next;
    moving_due_ = false;
    wake_due_waiters();
  }
  if (failure) std::rethrow_exception(failure);
}

// Under the mutex.
void RocksLog::wake_due_waiters() {
  Wakes wakes;
  for (Parked* const parked : std::exchange(due_waiters_, {})) wakes.add(*parked);
  wakes.wake();
}

Task<void> RocksLog::stop() {
  Parked parked;
  co_await park(parked, [&] {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    if (running_ > 0) {
      stopped_ = &parked;
      return;
    }
    Wakes wakes;
    wakes.add(parked);
    wakes.wake();
  });
}

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
    Time const before = needs_.db.clock.now() - aside_every;
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

Task<void> RocksLog::retry_hourly(Group& group) {
  Time const before = needs_.db.clock.now() - aside_every;
  std::vector<std::uint64_t> events;
  {
    std::lock_guard const lock(mutex_);
    if (!started_ || stopping_) co_return;
    for (auto const& [event, since] : group.aside)
      if (since <= before && !group.by_id.contains(event)) events.push_back(event);
  }
  for (std::uint64_t const event : events) {
    std::string bytes;
    std::string const key = aside_key(group.subscription.group, EventId{event});
    auto const status =
        co_await needs_.db.workers.run([&] { return needs_.db.db->Get({}, needs_.db.log, key, &bytes); });
    if (!status.ok()) continue;
    AsideRecord record = decode_aside(bytes);
    auto logged =
        std::make_shared<LoggedEvent const>(LoggedEvent{record.offset, record.since, std::move(record.event)});
    std::lock_guard const lock(mutex_);
    if (group.by_id.contains(event)) continue;
    Offset const offset = logged->offset;
    group.take_in(std::move(logged), {}, false);
    if (auto const found = group.pending.find(offset); found != group.pending.end()) found->second.hourly = true;
    begin_work(group);
  }
}

}  // namespace kith::rocks
