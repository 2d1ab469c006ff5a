#pragma once

// Wakes whoever waits on a loop for something to change; they look for themselves what it was.

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "base/into.h"
#include "base/task.h"

namespace kith::redis {

class Signal {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit Signal(boost::asio::any_io_executor const& loop)
      : timer_(std::make_shared<boost::asio::steady_timer>(loop, Instant::max())) {}

  void notify() { timer_->cancel(); }

  // Until something changes, or until then; perhaps earlier.
  Task<void> wait(Instant until) {
    auto const timer = timer_;
    boost::asio::steady_timer late(timer->get_executor(), until);
    late.async_wait([timer](boost::system::error_code failure) {
      if (!failure) timer->cancel();
    });
    boost::system::error_code ignored;
    co_await timer->async_wait(into(ignored));
  }

 private:
  std::shared_ptr<boost::asio::steady_timer> timer_;
};

}  // namespace kith::redis
