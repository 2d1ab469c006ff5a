#pragma once

// The log in the same RocksDB as the tables: events are rows of the commit's own batch, queues are
// in memory, and what is handled is written now and then, unsynced, behind the rows that handlers
// derived; so a crash loses an acknowledgement before it loses what was acknowledged.

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ports/log/log.h"
#include "ports/log/rocksdb/group.h"
#include "ports/log/rocksdb/topic.h"
#include "ports/table/rocksdb/lane.h"

namespace kith::rocks {

// What is set aside is tried again by itself after this.
inline constexpr Duration aside_pause = std::chrono::hours{1};

class RocksLog final : public Log {
 public:
  struct Needs {
    Db& db;
    Lane& lane;
    Topic& topic;
    Duration retry_pause;
    Duration clock_look;
  };
  explicit RocksLog(Needs needs) : needs_(needs) {}
  ~RocksLog() override;

  // The offsets below this are known to groups.
  static Offset seen_by_groups(Db& db);
  // Before the lane starts.
  void listen();
  void start(std::vector<boost::asio::any_io_executor> executors);
  Task<void> stop();
  // Ends the thread, remembering what is handled.
  void close();

  Task<void> append(std::vector<Event> events) override;
  void subscribe(Subscription subscription) override;
  Task<void> acknowledge(std::string group, EventId event) override;
  Task<std::vector<Lag>> lag() override;
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override;
  Task<void> retry(std::string group, EventId event) override;
  Task<void> replay(std::string group, Time since) override;
  Task<void> caught_up(std::string group) override;

 private:
  struct Taken {
    LoggedPtr logged;
    bool hourly = false;
  };
  struct Waiter {
    Group* group;
    Offset below;
    Parked* parked;
  };
  using Lock = std::unique_lock<std::mutex>;

  // Delivery (delivery.cc).
  void written(std::vector<LoggedPtr> events, Time next_due);
  void begin_work(Group& group);
  Task<void> work(Group& group);
  std::optional<Taken> take(Group& group);
  Task<void> finish(Group& group, LoggedPtr logged, std::optional<std::string> failure);
  Task<void> put_aside(Group& group, LoggedPtr logged, std::string failure, std::uint32_t attempts);
  Task<void> forget_aside(Group& group, EventId event);
  Task<void> settle_due(Time now);
  Task<void> move_due(Time now);
  Task<void> retry_hourly(Group& group);
  void wake_settled();
  void wake_due_waiters();

  // The thread (log_thread.cc).
  void loop();
  Duration next_step() const;
  void load(Group& group, Lock& lock);
  void load_newly_followed(Group& group, Progress const& before);
  void remember(Lock& lock);
  void sweep(Lock& lock);

  void open_group(Group& group);
  Group* find(std::string const& name);
  Group& group(std::string const& name);
  bool behind(Group const& group) const { return group.loaded_to < needs_.topic.next(); }
  Duration pause_after(std::uint32_t attempts) const;
  boost::asio::any_io_executor const& next_executor();

  Needs needs_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<boost::asio::any_io_executor> executors_;
  std::size_t turn_ = 0;
  bool started_ = false;
  bool stopping_ = false;  // no handler begins any more
  bool closing_ = false;
  std::uint32_t running_ = 0;
  Time next_due_ = no_time;
  bool moving_due_ = false;
  std::vector<Parked*> due_waiters_;
  std::vector<Waiter> waiters_;
  Parked* stopped_ = nullptr;
  Duration remembered_at_{};
  Duration swept_at_{};
};

}  // namespace kith::rocks
