#include "ports/cache/strategies.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "base/error.h"

namespace kith {
namespace {

using boost::asio::steady_timer;

// The loaded value, kept in the cache. Refused as too old it is still the answer of this one call.
Task<std::optional<Cached>> load_and_keep(Cache& cache, CacheLoad const& load, std::string key, Duration ttl) {
  auto loaded = co_await load(key);
  if (!loaded) co_return std::nullopt;
  Cached cached{std::make_shared<std::string const>(loaded->value), loaded->version, ttl};
  co_await cache.set(std::move(key), std::move(loaded->value), loaded->version, ttl);
  co_return cached;
}

}  // namespace

Task<std::optional<Cached>> CacheAside::get(std::string key) {
  if (auto cached = co_await cache_.get(key)) co_return cached;
  co_return co_await load_and_keep(cache_, load_, std::move(key), ttl_);
}

struct RefreshAhead::Running {
  std::mutex mutex;
  std::set<std::string> keys;
  bool finishing = false;
  std::weak_ptr<steady_timer> finished;  // of who waits in `finish`; it ends with that loop

  bool begin(std::string const& key) {
    std::lock_guard const lock(mutex);
    return !finishing && keys.size() < refreshes_max && keys.insert(key).second;
  }
  void end(std::string const& key) {
    std::lock_guard const lock(mutex);
    keys.erase(key);
    auto const timer = finished.lock();
    if (!keys.empty() || !timer) return;
    boost::asio::post(timer->get_executor(), [weak = finished] {
      if (auto const waiting = weak.lock()) waiting->cancel();
    });
  }
};

RefreshAhead::RefreshAhead(Cache& cache, Duration ttl, CacheLoad load)
    : cache_(cache), ttl_(ttl), load_(std::move(load)), running_(std::make_shared<Running>()) {}

RefreshAhead::~RefreshAhead() {
  std::lock_guard const lock(running_->mutex);
  check(running_->keys.empty(), "refreshes are finished before their cache ends");
}

Task<std::optional<Cached>> RefreshAhead::get(std::string key) {
  auto cached = co_await cache_.get(key);
  if (!cached) co_return co_await load_and_keep(cache_, load_, std::move(key), ttl_);
  if (cached->left < ttl_ / 4 && running_->begin(key)) {
    auto const executor = co_await boost::asio::this_coro::executor;
    // A failed refresh is nobody's error: the value is still good, and the next reader tries again.
    boost::asio::co_spawn(executor, refresh(key), [running = running_, key](std::exception_ptr) { running->end(key); });
  }
  co_return cached;
}

Task<void> RefreshAhead::refresh(std::string key) { co_await load_and_keep(cache_, load_, std::move(key), ttl_); }

Task<void> RefreshAhead::finish() {
  auto const timer =
      std::make_shared<steady_timer>(co_await boost::asio::this_coro::executor, steady_timer::time_point::max());
  {
    std::lock_guard const lock(running_->mutex);
    running_->finishing = true;
    if (running_->keys.empty()) co_return;
    running_->finished = timer;
  }
  co_await timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

Task<CacheVersion> WriteThrough::put(std::string key, std::string value) {
  CacheVersion const version = co_await store_(key, value);
  co_await cache_.set(std::move(key), std::move(value), version, ttl_);
  co_return version;
}

Task<void> WriteBehind::put(std::string key, std::string value, CacheVersion version) {
  wait({key, value, version});
  co_await cache_.set(std::move(key), std::move(value), version, ttl_);
}

void WriteBehind::wait(Waiting fresh) {
  std::lock_guard const lock(mutex_);
  auto const found = waiting_.find(fresh.key);
  if (found == waiting_.end()) {
    if (waiting_.size() < limits_.waiting_max)
      waiting_.emplace(fresh.key, std::move(fresh));
    else
      ++lost_;
    return;
  }
  Waiting& before = found->second;
  if (merge_)
    before.value = merge_(std::move(before.value), std::move(fresh.value));
  else if (fresh.version >= before.version)
    before.value = std::move(fresh.value);
  before.version = std::max(before.version, fresh.version);
}

std::vector<WriteBehind::Waiting> WriteBehind::take() {
  std::lock_guard const lock(mutex_);
  std::vector<Waiting> batch;
  while (!waiting_.empty() && batch.size() < limits_.batch_max)
    batch.push_back(std::move(waiting_.extract(waiting_.begin()).mapped()));
  return batch;
}

Task<void> WriteBehind::flush() {
  // As many batches as wait now; what is put meanwhile is the next flush's.
  for (std::size_t left = waiting(); left > 0;) {
    std::vector<Waiting> batch = take();
    if (batch.empty()) co_return;
    left -= std::min(left, batch.size());
    std::vector<Waiting> copy = batch;
    std::exception_ptr failure;
    try {
      co_await store_(std::move(copy));
    } catch (Error const&) {
      failure = std::current_exception();
    }
    if (!failure) continue;
    for (Waiting& one : batch) wait(std::move(one));
    std::rethrow_exception(failure);
  }
}

Task<void> WriteBehind::keep(Clock& clock, Duration every) {
  for (;;) {
    co_await clock.sleep(every);
    try {
      co_await flush();
    } catch (Error const&) {
      // It waits on; the bound on what waits is the bound on what an outage costs.
    }
  }
}

std::size_t WriteBehind::waiting() const {
  std::lock_guard const lock(mutex_);
  return waiting_.size();
}

std::uint64_t WriteBehind::lost() const {
  std::lock_guard const lock(mutex_);
  return lost_;
}

}  // namespace kith
