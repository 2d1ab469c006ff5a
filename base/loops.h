#pragma once

// The threads of a server: one loop a thread, each running one handler at a time, so that what
// belongs to a loop needs no lock. Destroying it stops the loops, waits for their threads, and drops
// coroutines that have not ended; so it is declared after all that those coroutines refer to.

#include <algorithm>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <memory>
#include <thread>
#include <vector>

namespace kith {

// Whether both run on the same loop, whatever else one of them does (base/traced.h).
inline bool on_one_loop(boost::asio::any_io_executor const& a, boost::asio::any_io_executor const& b) {
  return &boost::asio::query(a, boost::asio::execution::context) ==
         &boost::asio::query(b, boost::asio::execution::context);
}

class Loops {
 public:
  explicit Loops(unsigned threads) {
    for (unsigned i = 0; i < std::max(threads, 1u); ++i) loops_.push_back(std::make_unique<Loop>());
    for (auto& loop : loops_) loop->thread = std::thread([&context = loop->context] { context.run(); });
  }
  ~Loops() { stop(); }
  Loops(Loops const&) = delete;

  std::size_t size() const { return loops_.size(); }
  boost::asio::io_context& at(std::size_t i) { return loops_[i]->context; }
  std::vector<boost::asio::any_io_executor> executors() {
    std::vector<boost::asio::any_io_executor> all;
    for (auto& loop : loops_) all.emplace_back(loop->context.get_executor());
    return all;
  }
  // In turn, for work of the same kind.
  boost::asio::io_context& next() { return at(turn_++ % loops_.size()); }

  // Not from one of the loops themselves.
  void stop() {
    for (auto& loop : loops_) loop->context.stop();
    for (auto& loop : loops_)
      if (loop->thread.joinable()) loop->thread.join();
  }

 private:
  struct Loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{context.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace kith
