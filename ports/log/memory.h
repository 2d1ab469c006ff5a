#pragma once

// The log in memory: for tests and the simulation. Keeps log.h's contract and no more: order is
// whatever the loop makes of it, and with `twice` every handler gets every event at least twice.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/clock/clock.h"
#include "ports/log/log.h"

namespace kith {

// What a log keeps: it outlives the MemoryLog as a disk outlives a process.
struct MemoryLogStore {
  // How far one group is with one event.
  struct Progress {
    bool acknowledged = false;
    bool aside = false;
    std::uint32_t runs = 0;  // handled, counting an acknowledged echo
    std::uint32_t attempts = 0;
    std::uint64_t turn = 0;  // the delivery that may go on; older ones end
    std::string failure = {};
  };
  struct Record {
    Event event;
    Time appended = no_time;
    std::map<std::string, Progress> groups = {};
  };

  std::mutex mutex;
  std::uint64_t next_place = 1;
  std::map<std::uint64_t, Record> records = {};                  // by place, in the order of appending
  std::unordered_map<std::uint64_t, std::uint64_t> places = {};  // of event ids
};

class MemoryLog final : public Log {
 public:
  struct Needs {
    Clock& clock;
    MemoryLogStore& store;
    bool twice = false;
  };
  explicit MemoryLog(Needs needs) : needs_(needs) {}

  // Delivers from now on, by coroutines on this executor.
  void start(boost::asio::any_io_executor executor);
  // Before the loop of its coroutines ends: who waits for a group waits no longer, and is never resumed.
  void stop();
  // What a commit does: the events are in the log when this returns.
  void append_now(std::vector<Event> events);

  Task<void> append(std::vector<Event> events) override;
  void subscribe(Subscription subscription) override;
  Task<void> acknowledge(std::string group, EventId event) override;
  Task<std::vector<Lag>> lag() override;
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override;
  Task<void> retry(std::string group, EventId event) override;
  Task<void> replay(std::string group, Time since) override;
  Task<void> caught_up(std::string group) override;

 private:
  using Progress = MemoryLogStore::Progress;
  using Record = MemoryLogStore::Record;
  struct Waiter {
    std::string group;
    std::set<std::uint64_t> left;  // places
    std::function<void()> resume;
  };
  struct Step {
    enum { rest, wait, handle } what = rest;
    Duration pause = {};
    std::optional<Event> event = {};
  };

  bool finished(Progress const& progress) const;
  void deliver(Subscription const& to, std::uint64_t place, Record& record, bool hold_back);
  Task<void> delivery(Subscription const& to, std::uint64_t place, std::uint64_t turn, Duration ready);
  Step step(Subscription const& to, std::uint64_t place, std::uint64_t turn, Duration ready);
  // The pause before the event's next turn, if there is one.
  std::optional<Duration> handled(Subscription const& to, std::uint64_t place, std::uint64_t turn,
                                  std::optional<std::string> failure);
  void settle(std::string const& group, std::uint64_t place, std::vector<std::function<void()>>& resumed);
  void wait_for(std::string group, std::function<void()> resume);
  void forget_old();
  Subscription const& subscription(std::string const& group) const;

  Needs needs_;
  std::vector<Subscription> subscriptions_;
  std::optional<boost::asio::any_io_executor> executor_;
  std::vector<Waiter> waiters_;
};

}  // namespace kith
