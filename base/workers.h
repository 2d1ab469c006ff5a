#pragma once

// Threads for work that blocks: disk reads that missed memory, password hashing, host look-ups.
// One hop per request, not one per read: a hop costs two to ten microseconds.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/task.h"

namespace kith {

class Workers {
 public:
  // With no threads, work runs at once on the caller's thread: what simulations and tests want.
  explicit Workers(unsigned threads) {
    if (threads > 0) pool_.emplace(threads);
  }
  // Waits for what was begun. Must end before the loops whose coroutines wait for it.
  ~Workers() {
    if (pool_) pool_->join();
  }

  // Runs `work` on a thread of the pool and resumes the caller on its own executor with what it
  // returned or threw. `work` may not refer to anything that could end before it.
  template <class Work>
  auto run(Work work) -> Task<std::invoke_result_t<Work&>> {
    using Value = std::invoke_result_t<Work&>;
    if (!pool_) co_return work();
    auto const executor = co_await boost::asio::this_coro::executor;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Value>) {
      co_await hop(executor, [&] { work(); }, failure);
      if (failure) std::rethrow_exception(failure);
    } else {
      std::optional<Value> value;
      co_await hop(executor, [&] { value.emplace(work()); }, failure);
      if (failure) std::rethrow_exception(failure);
      co_return std::move(*value);
    }
  }

 private:
  template <class Work>
  Task<void> hop(boost::asio::any_io_executor executor, Work work, std::exception_ptr& failure) {
    co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
        [this, &work, &failure, executor](auto handler) {
          auto held = std::make_shared<decltype(handler)>(std::move(handler));
          auto guard = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
          boost::asio::post(*pool_, [&work, &failure, held, guard] {
            try {
              work();
            } catch (...) {
              failure = std::current_exception();
            }
            boost::asio::post(guard, [held] { std::move (*held)(); });
          });
        },
        boost::asio::use_awaitable);
  }

  std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace kith
