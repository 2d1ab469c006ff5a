#pragma once

// One server of those that share the keys: the connection that all its commands go over, kept open from the
// first question on, and how long one waits for it. All of it happens on one loop.

#include <atomic>

#include "base/breaker.h"
#include "ports/cache/redis/connection.h"
#include "ports/cache/redis/signal.h"

namespace kith::redis {

// Counted over all servers, for operators; written on one thread, read by any.
struct Counts {
  std::atomic<std::uint64_t> reads{}, found{}, near_found{}, writes{}, refused_older{}, counts{}, messages_out{},
      messages_in{}, invalidations{}, invalidations_lost{};
  std::atomic<std::uint64_t> unanswered{}, retries{}, redirects{}, lost{}, refused{};
  std::atomic<std::int64_t> connections{}, under_way{}, owed{};
};

// What whoever asks the servers wants to be done beside it.
struct Hooks {
  std::string greeting = {};  // commands that a connection begins with, each of which must succeed
  std::size_t greeting_answers = 0;
  std::function<void(Value&&)> pushed = [](Value&&) {};
  std::function<void()> renewed = [] {};  // a server is there, and has answered
  std::function<void()> lost = [] {};     // what it had pushed, or would have, may be missed from now on
};

class Node : public std::enable_shared_from_this<Node> {
 public:
  // How often a server that nobody asks is asked whether it is there.
  static constexpr std::chrono::milliseconds ping_every{250};

  struct Needs {
    boost::asio::any_io_executor loop;
    Counts& counts;
    Hooks const& hooks;
  };
  Node(Needs needs, Place place, Reach reach, std::chrono::milliseconds deadline)
      : needs_(needs), place_(std::move(place)), reach_(std::move(reach)), deadline_(deadline), changed_(needs_.loop) {}

  Place const& place() const { return place_; }
  // Nothing: it is not there, or not in time.
  Task<std::shared_ptr<Connection>> connection(Deadline deadline);
  // How a call ended, for those that come after it.
  void ended(Connection& connection, Ended const& how);
  // Why it could not be used when that was last tried: a sentence for the operator.
  std::string const& failure() const { return failure_; }
  bool refusing() const { return closing_ || breaker_.open(); }
  bool connected() const { return connection_ && connection_->open(); }
  // Everything that it pushed before this has been taken.
  Deadline heard() const { return connection_->heard(); }
  Breaker::Pause jittered(Breaker::Pause pause) { return breaker_.jittered(pause); }
  void close();

 private:
  Task<void> keep();
  Task<std::shared_ptr<Connection>> greeted();
  Task<void> watch(std::shared_ptr<Connection> connection);

  Needs needs_;
  Place place_;
  Reach reach_;
  std::chrono::milliseconds deadline_;
  Breaker breaker_;
  std::shared_ptr<Connection> connection_;
  Signal changed_;
  std::uint64_t attempts_failed_ = 0;
  std::string failure_;
  bool keeping_ = false, closing_ = false;
};

}  // namespace kith::redis
