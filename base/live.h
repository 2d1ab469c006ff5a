#pragma once

// A value that is replaced while many threads read it, such as settings that change while serving. Reading is one
// load; what is read is a whole snapshot, which never changes.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace kith {

template <class Value>
class Live {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // A snapshot that was replaced stays so long for those who still read it: many times the longest request. Ask again
  // for each request, and keep the reference no longer than it runs.
  static constexpr auto kept_for = std::chrono::hours{1};

  Live() : Live(Value{}) {}
  explicit Live(Value first) { set(std::move(first)); }
  Live(Live const&) = delete;
  Live& operator=(Live const&) = delete;

  Value const& now() const { return *newest_.load(std::memory_order_acquire); }
  Value const* operator->() const { return &now(); }

  void set(Value next, Instant at = std::chrono::steady_clock::now()) {
    std::lock_guard const lock(mutex_);
    if (!all_.empty()) all_.back().replaced = at;
    all_.push_back({std::make_unique<Value const>(std::move(next)), Instant::max()});
    newest_.store(all_.back().value.get(), std::memory_order_release);
    std::erase_if(all_, [at](Snapshot const& one) { return one.replaced < at - kept_for; });
  }
  // How many there are, with those that are still kept.
  std::size_t snapshots() const {
    std::lock_guard const lock(mutex_);
    return all_.size();
  }

 private:
  struct Snapshot {
    std::unique_ptr<Value const> value;
    Instant replaced;
  };
  mutable std::mutex mutex_;  // of those who write
  std::vector<Snapshot> all_;
  std::atomic<Value const*> newest_ = nullptr;
};

}  // namespace kith
