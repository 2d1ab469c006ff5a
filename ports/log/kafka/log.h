#pragma once

// The log on Kafka: an engine for a community whose roles are processes. All events go to one topic, a follower is
// a consumer group, and its partitions are divided among the processes that run it.
//
//   - How far a group is stands in its committed offsets: the offset is that of the oldest event not yet handled,
//     and beside it stands which later ones are not either, so a restart repeats hardly anything.
//   - What is set aside goes to a second, compacted topic, keyed by group and event, and waits there until it is
//     handled, however long.
//   - Events that are not yet due are held by whoever would deliver them, and the topic forgets after its
//     retention: who emits far ahead keeps them until they are due, as an outbox does.
//   - `acknowledge` spares the event its delivery where this process delivers it; elsewhere it comes and its
//     handler finds nothing to do.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/trace.h"
#include "ports/clock/clock.h"
#include "ports/log/log.h"

namespace kith {

struct KafkaOptions {
  std::vector<std::string> servers;   // HOST:PORT; they name the others
  std::vector<std::string> security;  // NAME=VALUE as librdkafka reads them: security., ssl. and sasl. alone
  std::string user = {};              // empty: nobody signs in
  std::string password_file = {};     // read again when it changes
  std::string topics = "kith";        // what the names of topics and groups begin with
  std::uint32_t partitions = 12;      // of the topic, when it is made: as many processes can share a group
  std::int32_t copies = -1;           // of each partition, when it is made; -1: as the servers choose
  Duration retention = std::chrono::days{7};
  std::chrono::milliseconds deadline{5'000};  // of a call, with its tries
  // Between the tries of a handler that throws, twice as long each time: set aside after 25 s.
  Duration retry_pause = std::chrono::milliseconds{200};
  // While events wait for their time, the clock is asked this often: tests let it jump.
  std::chrono::milliseconds clock_look{200};
};

struct KafkaStats {
  std::uint64_t appended = 0, append_failures = 0, unknown = 0, refused = 0;
  std::uint64_t taken_in = 0, handled = 0, failures = 0, put_aside = 0, commits = 0, commit_failures = 0,
                rebalances = 0;
  std::int64_t partitions = 0, under_way = 0;
};

class KafkaLog final : public Log {
 public:
  struct Needs {
    Clock& clock;
    // Returns when what handlers wrote so far would survive power loss: what they acknowledged is remembered by
    // other machines. May be empty.
    std::function<Task<void>()> settle = {};
  };
  // Makes the topics that are missing. Throws Error{unavailable} with the sentence for people, which names the
  // setting to change.
  KafkaLog(Needs needs, KafkaOptions options);
  // Stops; nothing of it may be awaited any more.
  ~KafkaLog() override;

  // Counts what is appended; of each event whose trace is kept, that is a span under what emitted it. Before the first.
  void observe(Metrics& metrics, Tracer* tracer);
  // Delivers events from now on, by turns on these executors; groups have subscribed before.
  void start(std::vector<boost::asio::any_io_executor> executors);
  // Begins no handler any more and waits for those in progress; appending goes on.
  Task<void> stop_delivery();
  KafkaStats stats() const;

  Task<void> append(std::vector<Event> events) override;
  void subscribe(Subscription subscription) override;
  Task<void> acknowledge(std::string group, EventId event) override;
  Task<std::vector<Lag>> lag() override;
  Task<std::vector<SetAside>> set_aside(std::string group, std::size_t limit) override;
  Task<void> retry(std::string group, EventId event) override;
  Task<void> replay(std::string group, Time since) override;
  Task<void> caught_up(std::string group) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
