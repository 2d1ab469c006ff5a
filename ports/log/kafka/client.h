#pragma once

// librdkafka with owners: how a client is made, how the servers are asked what stands where, what failed.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "ports/log/kafka/log.h"
#include "ports/log/kafka/record.h"

namespace kith::kafka {

struct Ended {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* asked) const {
    rd_kafka_ListConsumerGroupOffsets_destroy(asked);
  }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
  void operator()(rd_kafka_metadata_t const* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
template <class T>
using Owned = std::unique_ptr<T, Ended>;
using Handle = Owned<rd_kafka_t>;
using Places = Owned<rd_kafka_topic_partition_list_t>;

Places places(std::size_t expected = 8);

// The last thing a client complained of. Told in the log once for each reason.
class Trouble {
 public:
  void note(int code, std::string why);
  void over();  // it works again
  std::string last() const;
  bool refused_sign_in() const { return refused_.load(); }
  bool refused_tls() const { return tls_.load(); }
  // A start need not try again: one server that cannot show who it is may be an accident, all of them are not.
  bool is_final() const { return refused_ || (tls_ && down_); }

 private:
  mutable std::mutex mutex_;
  std::string last_;
  std::atomic<bool> refused_ = false, tls_ = false, down_ = false;
};

// What all clients of one log share.
struct Counts {
  std::atomic<std::uint64_t> appended = 0, append_failures = 0, unknown = 0, refused = 0;
  std::atomic<std::uint64_t> taken_in = 0, handled = 0, failures = 0, put_aside = 0, commits = 0, commit_failures = 0,
                             rebalances = 0;
  std::atomic<std::int64_t> partitions = 0, under_way = 0;
};
// Work that somebody waits for. Shared, for a coroutine may be destroyed after the log.
class Counted {
 public:
  explicit Counted(std::shared_ptr<Counts> counts) : counts_(std::move(counts)) { ++counts_->under_way; }
  Counted(Counted const&) = delete;
  ~Counted() { --counts_->under_way; }

 private:
  std::shared_ptr<Counts> counts_;
};

class Conf {
 public:
  // Throws Error{unavailable} with the sentence for people.
  explicit Conf(KafkaOptions const& options, Trouble& trouble);
  Conf& set(char const* name, std::string const& value);
  rd_kafka_conf_t* get() { return conf_.get(); }
  Handle client(rd_kafka_type_t type);

 private:
  Owned<rd_kafka_conf_t> conf_;
};

// Gives clients the password again when its file has changed.
class Password {
 public:
  explicit Password(KafkaOptions const& options);
  // What is to be used from now on, if that changed.
  std::optional<std::string> changed();

 private:
  std::string file_, known_;
};
std::string read_password(std::string const& file);

struct Topics {
  std::string events, aside;
  std::int32_t partitions = 0;  // of events; aside has one
};
// Makes what is missing. Throws Error{unavailable} with the sentence for people.
Topics make_topics(KafkaOptions const& options);

[[noreturn]] void throw_failure(std::string_view what, rd_kafka_resp_err_t code);
Record record_in(rd_kafka_message_t const& message);

// Asks until there is an answer, but no longer than that: a topic's leader changes now and then.
template <class Ask>
auto patiently(std::chrono::milliseconds deadline, Ask ask) {
  auto const until = std::chrono::steady_clock::now() + deadline;
  for (auto pause = std::chrono::milliseconds{20};; pause *= 2) {
    try {
      return ask();
    } catch (Error const&) {
      if (std::chrono::steady_clock::now() + pause > until) throw;
    }
    std::this_thread::sleep_for(pause);
  }
}

// These wait for the servers' answer.
// The offset after the last event of each partition.
std::map<std::int32_t, Offset> ends(rd_kafka_t& client, std::string const& topic, std::int32_t partitions,
                                    std::chrono::milliseconds deadline);
std::map<std::int32_t, Offset> first_since(rd_kafka_t& client, std::string const& topic,
                                           std::vector<std::int32_t> const& partitions, Time since,
                                           std::chrono::milliseconds deadline);
// What that group has committed; nothing for a partition of which it has committed nothing. A member that waits to
// join is not to be asked this by its own client: the answer waits behind the join, on the same line.
std::map<std::int32_t, Progress> committed(rd_kafka_t& client, std::string const& group, std::string const& topic,
                                           std::vector<std::int32_t> const& partitions,
                                           std::chrono::milliseconds deadline);
// Everything that one group, or each, has set aside, read from the topic's beginning.
std::map<std::string, Aside> read_aside(KafkaOptions const& options, Topics const& topics);

}  // namespace kith::kafka
