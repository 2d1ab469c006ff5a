#include "ports/log/memory.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "ports/log/failure.h"

namespace kith {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds{200};  // doubles: 25 s until set aside
constexpr Duration aside_pause = std::chrono::hours{1};
constexpr Duration retention = std::chrono::days{7};
// A second delivery comes a little later than the first, when things have moved on.
constexpr Duration again_pause = std::chrono::milliseconds{30};

FollowedKind const* followed(Subscription const& by, Event const& event) {
  for (FollowedKind const& kind : by.kinds)
    if (kind.kind == event.kind) return event.schema <= kind.schema_max ? &kind : nullptr;
  return nullptr;
}

void run_all(std::vector<std::function<void()>>& resumed) {
  for (auto& resume : resumed) resume();
}

}  // namespace

void MemoryLog::subscribe(Subscription subscription) {
  check(!executor_, "groups subscribe before the log starts");
  for (Subscription const& other : subscriptions_) check(other.group != subscription.group, "a group subscribes once");
  subscriptions_.push_back(std::move(subscription));
}

void MemoryLog::start(boost::asio::any_io_executor executor) {
  check(!executor_, "a log starts once");
  std::lock_guard const lock(needs_.store.mutex);
  executor_ = std::move(executor);
  for (auto& [place, record] : needs_.store.records)
    for (Subscription const& to : subscriptions_)
      if (followed(to, record.event) != nullptr) deliver(to, place, record, false);
}

bool MemoryLog::finished(Progress const& progress) const {
  return progress.acknowledged && (!needs_.twice || progress.runs >= 2);
}

// Under the lock, as all that changes progress.
void MemoryLog::deliver(Subscription const& to, std::uint64_t place, Record& record, bool hold_back) {
  Progress& progress = record.groups[to.group];
  if (finished(progress)) return;
  FollowedKind const* const kind = followed(to, record.event);
  Duration ready = needs_.clock.monotonic();
  if (progress.aside)
    ready += aside_pause;
  else if (hold_back && kind->echo && record.event.due <= needs_.clock.now())
    ready += echo_grace;
  boost::asio::co_spawn(*executor_, delivery(to, place, ++progress.turn, ready), [](std::exception_ptr) {});
}

Task<void> MemoryLog::delivery(Subscription const& to, std::uint64_t place, std::uint64_t turn, Duration ready) {
  // Never on the stack of whoever commits.
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
  for (;;) {
    Step next = step(to, place, turn, ready);
    if (next.what == Step::rest) co_return;
    if (next.what == Step::wait) {
      co_await needs_.clock.sleep(next.pause);
      continue;
    }
    auto failure = co_await failure_of(to, std::move(*next.event));
    auto const pause = handled(to, place, turn, std::move(failure));
    if (!pause) co_return;
    ready = needs_.clock.monotonic() + *pause;
  }
}

MemoryLog::Step MemoryLog::step(Subscription const& to, std::uint64_t place, std::uint64_t turn, Duration ready) {
  std::lock_guard const lock(needs_.store.mutex);
  auto const found = needs_.store.records.find(place);
  if (found == needs_.store.records.end()) return {};
  Record const& record = found->second;
  Progress const& progress = record.groups.at(to.group);
  if (progress.turn != turn || finished(progress)) return {};
  // The wall clock may have been set back while this slept: a due event asks it again.
  if (Time const now = needs_.clock.now(); now < record.event.due) return {Step::wait, record.event.due - now};
  if (Duration const now = needs_.clock.monotonic(); now < ready) return {Step::wait, ready - now};
  return {Step::handle, {}, record.event};
}

std::optional<Duration> MemoryLog::handled(Subscription const& to, std::uint64_t place, std::uint64_t turn,
                                           std::optional<std::string> failure) {
  std::vector<std::function<void()>> resumed;
  std::optional<Duration> pause;
  {
    std::lock_guard const lock(needs_.store.mutex);
    auto const found = needs_.store.records.find(place);
    if (found == needs_.store.records.end()) return std::nullopt;
    Progress& progress = found->second.groups.at(to.group);
    if (!failure) {
      progress.acknowledged = true;
      progress.aside = false;
      ++progress.runs;
      if (!finished(progress)) pause = again_pause;
    } else {
      progress.failure = std::move(*failure);
      // An echo may have done it meanwhile.
      if (++progress.attempts >= attempts_max && !progress.acknowledged) progress.aside = true;
      pause = progress.aside ? aside_pause : first_pause * (1 << std::min(progress.attempts - 1, 7u));
    }
    if (progress.turn != turn) pause.reset();
    settle(to.group, place, resumed);
  }
  run_all(resumed);
  return pause;
}

void MemoryLog::settle(std::string const& group, std::uint64_t place, std::vector<std::function<void()>>& resumed) {
  Progress const& progress = needs_.store.records.at(place).groups.at(group);
  if (!finished(progress) && !progress.aside) return;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (waiter.group != group) return false;
    waiter.left.erase(place);
    if (!waiter.left.empty()) return false;
    resumed.push_back(std::move(waiter.resume));
    return true;
  });
}

void MemoryLog::append_now(std::vector<Event> events) {
  for (Event const& event : events) {
    check(static_cast<bool>(event.id), "an event has an id before it is appended");
    check_limits(event);
  }
  MemoryLogStore& store = needs_.store;
  std::lock_guard const lock(store.mutex);
  forget_old();
  for (Event& event : events) {
    auto const [at, fresh] = store.places.emplace(event.id.value, store.next_place);
    if (!fresh) continue;
    std::uint64_t const place = store.next_place++;
    Record& record = store.records.emplace(place, Record{std::move(event), needs_.clock.now()}).first->second;
    if (!executor_) continue;
    for (Subscription const& to : subscriptions_)
      if (followed(to, record.event) != nullptr) deliver(to, place, record, true);
  }
}

void MemoryLog::forget_old() {
  auto& records = needs_.store.records;
  Time const now = needs_.clock.now();
  while (!records.empty()) {
    Record const& oldest = records.begin()->second;
    if (std::max(oldest.appended, oldest.event.due) > now - retention) return;
    for (auto const& [group, progress] : oldest.groups)
      if (!finished(progress)) return;
    needs_.store.places.erase(oldest.event.id.value);
    records.erase(records.begin());
  }
}

Task<void> MemoryLog::append(std::vector<Event> events) {
  append_now(std::move(events));
  co_return;
}

Task<void> MemoryLog::acknowledge(std::string group, EventId event) {
  std::vector<std::function<void()>> resumed;
  {
    std::lock_guard const lock(needs_.store.mutex);
    auto const place = needs_.store.places.find(event.value);
    if (place == needs_.store.places.end()) co_return;
    Progress& progress = needs_.store.records.at(place->second).groups[group];
    progress.acknowledged = true;
    progress.aside = false;
    ++progress.runs;
    settle(group, place->second, resumed);
  }
  run_all(resumed);
}

Task<std::vector<Lag>> MemoryLog::lag() {
  std::vector<Lag> lags;
  std::lock_guard const lock(needs_.store.mutex);
  Time const now = needs_.clock.now();
  for (Subscription const& to : subscriptions_) {
    Lag lag{.group = to.group};
    for (auto const& [place, record] : needs_.store.records) {
      auto const progress = record.groups.find(to.group);
      if (progress == record.groups.end() || finished(progress->second) || record.event.due > now) continue;
      if (progress->second.aside) {
        ++lag.set_aside;
        continue;
      }
      if (++lag.waiting == 1) lag.oldest = record.appended;
    }
    lags.push_back(std::move(lag));
  }
  co_return lags;
}

Task<std::vector<SetAside>> MemoryLog::set_aside(std::string group, std::size_t limit) {
  std::vector<SetAside> list;
  std::lock_guard const lock(needs_.store.mutex);
  for (auto const& [place, record] : needs_.store.records) {
    if (list.size() >= limit) break;
    auto const progress = record.groups.find(group);
    if (progress == record.groups.end() || !progress->second.aside) continue;
    list.push_back({group, record.event, progress->second.attempts, progress->second.failure});
  }
  co_return list;
}

Subscription const& MemoryLog::subscription(std::string const& group) const {
  for (Subscription const& to : subscriptions_)
    if (to.group == group) return to;
  throw Error{Code::not_found, "No such group follows events: " + group};
}

Task<void> MemoryLog::retry(std::string group, EventId event) {
  Subscription const& to = subscription(group);
  std::lock_guard const lock(needs_.store.mutex);
  auto const place = needs_.store.places.find(event.value);
  if (place == needs_.store.places.end()) throw Error{Code::not_found, "No such event is set aside"};
  Record& record = needs_.store.records.at(place->second);
  Progress& progress = record.groups[group];
  if (!progress.aside) co_return;
  progress.aside = false;
  progress.attempts = 0;
  if (executor_) deliver(to, place->second, record, false);
}

Task<void> MemoryLog::replay(std::string group, Time since) {
  Subscription const& to = subscription(group);
  std::lock_guard const lock(needs_.store.mutex);
  for (auto& [place, record] : needs_.store.records) {
    if (record.appended < since || followed(to, record.event) == nullptr) continue;
    Progress& progress = record.groups[group];
    progress = Progress{.turn = progress.turn};
    if (executor_) deliver(to, place, record, false);
  }
  co_return;
}

void MemoryLog::wait_for(std::string group, std::function<void()> resume) {
  {
    std::lock_guard const lock(needs_.store.mutex);
    Waiter waiter{.group = std::move(group), .left = {}, .resume = resume};
    Time const now = needs_.clock.now();
    for (auto const& [place, record] : needs_.store.records) {
      auto const progress = record.groups.find(waiter.group);
      if (progress == record.groups.end() || record.event.due > now) continue;
      if (!finished(progress->second) && !progress->second.aside) waiter.left.insert(place);
    }
    if (!waiter.left.empty()) {
      waiters_.push_back(std::move(waiter));
      return;
    }
  }
  resume();
}

Task<void> MemoryLog::caught_up(std::string group) {
  auto const executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [this, executor, &group](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        wait_for(std::move(group), [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); });
      },
      boost::asio::use_awaitable);
}

void MemoryLog::stop() {
  std::lock_guard const lock(needs_.store.mutex);
  waiters_.clear();
}

}  // namespace kith
