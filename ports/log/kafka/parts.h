#pragma once

// The works of KafkaLog: one thread that reads and commits for all groups, handlers on the executors it was given.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/observed.h"
#include "base/workers.h"
#include "ports/log/kafka/group.h"
#include "ports/log/kafka/producer.h"

namespace kith::kafka {

// What is set aside is tried again by itself after this.
inline constexpr Duration aside_pause = std::chrono::hours{1};

// What librdkafka writes to when a queue of it is no longer empty.
class Wake {
 public:
  explicit Wake(boost::asio::io_context& loop);
  int fd() { return descriptor_.native_handle(); }
  // Until the loop ends.
  Task<void> watch(std::function<void()> serve);

 private:
  boost::asio::posix::stream_descriptor descriptor_;
};

// One group's member in this process.
struct Consumer : Trouble {
  Consumer(boost::asio::io_context& loop, Subscription subscription) : group(std::move(subscription)), wake(loop) {}

  Group group;  // under the log's mutex
  Wake wake;
  Handle client;
  // The servers divided the partitions anew, and wait for our word that it is done.
  bool changing = false, coming = false;
  bool member = false;  // they did so once
  bool committing = false;
  Places change;
  std::function<void()> changed;
};

}  // namespace kith::kafka

namespace kith {

struct KafkaLog::Parts {
  using Consumer = kafka::Consumer;
  using Lock = std::unique_lock<std::mutex>;

  Parts(Needs needs, KafkaOptions options);
  ~Parts();

  // Reading (consumer.cc).
  void join(Consumer& consumer);
  void leave(Consumer& consumer);
  void serve(Consumer& consumer);
  void read(Consumer& consumer, rd_kafka_message_t const& message);
  Task<void> change(Consumer& consumer);
  Task<void> take_over(Consumer& consumer);
  Task<void> give_up(Consumer& consumer);
  Task<void> begin_again(Consumer& consumer, std::int32_t partition, Time since);
  void pause_or_resume(Consumer& consumer);
  kafka::Places to_commit(Consumer& consumer);
  void commit(Consumer& consumer, kafka::Places list);  // waits for the servers
  Task<void> settle();
  Task<void> remember();
  Task<void> look();

  // Delivery (delivery.cc).
  void begin_work(Consumer& consumer);
  Task<void> work(Consumer& consumer);
  std::optional<kafka::Group::Taken> take(Consumer& consumer);
  Task<void> finish(Consumer& consumer, kafka::Group::Taken taken, std::optional<std::string> failure);
  Task<void> write_aside(Consumer& consumer, kafka::LoggedPtr logged, std::optional<kafka::Aside> aside);
  Task<void> stop();

  // Questions (log.cc).
  Consumer* find(std::string const& group);
  Consumer& member(std::string const& group);
  struct Ends {
    std::map<std::int32_t, kafka::Offset> events;
    kafka::Offset aside = 0;
  };
  Task<Ends> ends();
  std::string group_id(Consumer const& consumer) const { return options.topics + '.' + consumer.group.name(); }
  // Waits for the servers.
  std::map<std::int32_t, kafka::Progress> committed(Consumer const& consumer,
                                                    std::vector<std::int32_t> const& numbers) {
    return kafka::committed(*producer.client(), group_id(consumer), topics.events, numbers, options.deadline);
  }
  Task<std::map<std::int32_t, kafka::Progress>> elsewhere(Consumer& consumer,
                                                          std::map<std::int32_t, kafka::Offset> const& below);
  Task<Lag> lag(Consumer& consumer, Ends const& ends);
  Task<std::map<std::string, kafka::Aside>> aside_of(std::string group);
  std::vector<Span> spans_of(std::vector<Event> const& events) const;

  Needs needs;
  KafkaOptions options;
  kafka::Topics topics;
  std::optional<CallNumbers> append_numbers;  // while it is watched
  Tracer* tracer = nullptr;
  std::shared_ptr<kafka::Counts> counts = std::make_shared<kafka::Counts>();
  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{loop.get_executor()};
  kafka::Wake answers{loop};
  kafka::Producer producer;
  kafka::Password password;
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::optional<Workers> workers{std::in_place, 2u};  // for questions that wait for the servers
  std::thread thread;

  std::mutex mutex;
  std::vector<boost::asio::any_io_executor> executors;
  std::size_t turn = 0;
  bool started = false;
  bool stopping = false;  // no handler begins any more
  std::atomic<bool> closing = false;
  std::atomic<int> settling = 0;  // on threads that are not ours
  std::uint32_t running = 0;
  std::function<void()> stopped;
};

}  // namespace kith
