#pragma once

// The way of events from the transactions that made them to the log. A commit writes its events into the
// outbox of its server; one relay a server, among all processes, appends to the log whatever stands there
// and is due, and deletes it when the log has it. There is no cursor, so an event whose transaction ends
// late is never passed over; a relay that dies in between leaves events that come twice, with the same id.

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <mutex>

#include "ports/clock/clock.h"
#include "ports/log/log.h"
#include "ports/table/postgres/cluster.h"

namespace kith::postgres {

// The relay of one server. On the cluster's loop.
class Relay {
 public:
  struct Needs {
    Clock& clock;
    Log& log;
    Cluster& cluster;
    std::size_t shard;
    std::chrono::milliseconds look;  // for events that became due, or were emitted by other processes
  };
  explicit Relay(Needs needs) : needs_(needs), wake_(needs.cluster.loop) {}

  // Until `stop`; what is under way is finished.
  Task<void> run();
  void wake();
  void stop() {
    stopping_ = true;
    wake();
  }

 private:
  Task<void> relay(Connection& connection);
  Task<bool> pass(Connection& connection);
  Task<void> sweep(Connection& connection);
  Task<void> rest();

  Needs needs_;
  boost::asio::steady_timer wake_;
  bool woken_ = false, stopping_ = false;
  Deadline swept_{};
};

// A log together with the outboxes before it: `caught_up` and `lag` know of events that are still there.
class OutboxLog final : public Log {
 public:
  struct Needs {
    Clock& clock;
    Log& log;
    Cluster& cluster;
  };
  explicit OutboxLog(Needs needs) : needs_(needs) {}

  // What is due later waits in an outbox, as what commits emit does: the log need not hold it.
  Task<void> append(std::vector<Event> events) override;
  void subscribe(Subscription subscription) override;
  Task<void> acknowledge(std::string group, EventId event) override;
  Task<std::vector<Lag>> lag() override;
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override {
    return needs_.log.set_aside(std::move(group), limit);
  }
  Task<void> retry(std::string group, EventId event) override { return needs_.log.retry(std::move(group), event); }
  Task<void> replay(std::string group, Time since) override { return needs_.log.replay(std::move(group), since); }
  Task<void> caught_up(std::string group) override;

 private:
  Task<void> drained();

  Needs needs_;
  std::vector<Subscription> subscriptions_;  // without their handlers
};

}  // namespace kith::postgres
