#pragma once

// Appends: each record on as many servers as must have it before the answer, and once, however often the line broke
// in between (idempotent). Bounded by the log's deadline; while the servers are away it refuses at once.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/breaker.h"
#include "base/task.h"
#include "ports/log/kafka/client.h"

namespace kith::kafka {

inline constexpr std::int32_t by_key = RD_KAFKA_PARTITION_UA;

struct Outgoing {
  Record record;
  Time appended = no_time;
  std::int32_t partition = by_key;
};

class Producer {
 public:
  Producer(KafkaOptions const& options, std::shared_ptr<Counts> counts, int wake);
  // What is not answered by then is given up, and so told.
  ~Producer();

  // Resumes on the caller's executor with the offset of each. Throws Error{unavailable}: none was appended;
  // Error{unknown}: perhaps some.
  Task<std::vector<Offset>> append(std::string topic, std::vector<Outgoing> records);

  // On the log's thread, when `wake` says so: hands out answers.
  void serve();
  void password(std::string const& user, std::string const& password);
  // For questions on any thread. Whoever holds it may go on, though `serve` has begun a new one meanwhile.
  std::shared_ptr<rd_kafka_t> client();

 private:
  struct Batch;
  struct Slot;
  static void answered(rd_kafka_t* client, rd_kafka_message_t const* message, void* opaque);
  void open();
  void send(std::string const& topic, std::vector<Outgoing> const& records, std::shared_ptr<Batch> const& batch);
  void succeeded();
  void failed();

  KafkaOptions const& options_;
  std::shared_ptr<Counts> counts_;
  int wake_;
  Trouble trouble_;
  std::mutex mutex_;
  Breaker breaker_;
  std::shared_ptr<rd_kafka_t> client_;
};

}  // namespace kith::kafka
