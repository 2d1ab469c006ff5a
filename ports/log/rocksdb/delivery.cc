// Delivery: who handles what, and when again.

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "ports/log/failure.h"
#include "ports/log/rocksdb/log.h"
#include "ports/table/rocksdb/newest.h"

namespace kith::rocks {
namespace {

// Enough to hide the disk, few enough that handlers leave room for requests.
constexpr std::uint32_t running_max = 64;
// A handler that never waits gives way to requests after so many events.
constexpr int in_a_row_max = 16;
constexpr std::size_t due_rows = 500;
constexpr Duration pause_max = std::chrono::minutes{1};

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

Task<void> RocksLog::retry_hourly(Group& group) {
  Time const before = needs_.db.clock.now() - aside_pause;
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
