#include "ports/log/kafka/producer.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

#include "base/log.h"

namespace kith::kafka {

// The records of one call, answered one by one.
struct Producer::Batch {
  std::mutex mutex;
  std::size_t left = 0;
  std::vector<Offset> offsets;
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool some_done = false;  // or perhaps
  std::function<void()> resume;

  void settle(std::size_t count = 1) {
    std::function<void()> last;
    {
      std::lock_guard const lock(mutex);
      left -= count;
      if (left == 0) last = std::move(resume);
    }
    if (last) last();
  }
};

struct Producer::Slot {
  std::shared_ptr<Batch> batch;
  std::size_t index;
};

Producer::Producer(KafkaOptions const& options, std::shared_ptr<Counts> counts, int wake)
    : options_(options), counts_(std::move(counts)), wake_(wake) {
  open();
}

Producer::~Producer() {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll(client_.get(), 0);
  rd_kafka_flush(client_.get(), 1'000);
}

void Producer::open() {
  Conf conf(options_, trouble_);
  conf.set("enable.idempotence", "true")
      .set("acks", "all")
      .set("message.timeout.ms", std::to_string(options_.deadline.count()))
      .set("linger.ms", "1")  // what is appended at the same moment goes together
      .set("queue.buffering.max.messages", "20000")
      .set("compression.type", "lz4");
  rd_kafka_conf_set_dr_msg_cb(conf.get(), &Producer::answered);
  client_ = conf.client(RD_KAFKA_PRODUCER);
  Owned<rd_kafka_queue_t> const queue(rd_kafka_queue_get_main(client_.get()));
  static constexpr std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue.get(), wake_, &one, sizeof one);
}

void Producer::answered(rd_kafka_t*, rd_kafka_message_t const* message, void*) {
  std::unique_ptr<Slot> const slot(static_cast<Slot*>(message->_private));
  {
    std::lock_guard const lock(slot->batch->mutex);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      slot->batch->offsets[slot->index] = message->offset;
      slot->batch->some_done = true;
    } else {
      slot->batch->failure = message->err;
      if (rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED) slot->batch->some_done = true;
    }
  }
  slot->batch->settle();
}

void Producer::serve() {
  rd_kafka_poll(client_.get(), 0);
  std::array<char, 512> why{};
  if (rd_kafka_fatal_error(client_.get(), why.data(), why.size()) == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  // A client that can no longer promise that nothing is doubled or lost. A new one begins a new sequence; whoever
  // waits for the old one is told that nobody knows.
  log(LogLevel::warn, "Kafka is appended to by a new client", {{"why", why.data()}});
  std::lock_guard const lock(mutex_);
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_.get(), 1'000);
  open();
}

std::shared_ptr<rd_kafka_t> Producer::client() {
  std::lock_guard const lock(mutex_);
  return client_;
}

void Producer::password(std::string const& user, std::string const& password) {
  std::lock_guard const lock(mutex_);
  Owned<rd_kafka_error_t> const failed(rd_kafka_sasl_set_credentials(client_.get(), user.c_str(), password.c_str()));
}

void Producer::send(std::string const& topic, std::vector<Outgoing> const& records,
                    std::shared_ptr<Batch> const& batch) {
  std::lock_guard const lock(mutex_);
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record const& record = records[i].record;
    Owned<rd_kafka_headers_t> headers(rd_kafka_headers_new(record.headers.size()));
    for (auto const& [name, value] : record.headers)
      rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    auto slot = std::make_unique<Slot>(batch, i);
    auto const time =
        std::chrono::duration_cast<std::chrono::milliseconds>(records[i].appended.time_since_epoch()).count();
    // An empty body is a value too; none at all means that the key is to be forgotten.
    void* const value = record.gone ? nullptr : const_cast<char*>(record.value.data());
    auto const failure = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(records[i].partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(value, record.gone ? 0 : record.value.size()), RD_KAFKA_V_TIMESTAMP(time),
        RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_OPAQUE(slot.get()), RD_KAFKA_V_END);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
      (void)headers.release();
      (void)slot.release();
      continue;
    }
    {
      std::lock_guard const batch_lock(batch->mutex);
      batch->failure = failure;
    }
    batch->settle(records.size() - i);
    return;
  }
}

Task<std::vector<Offset>> Producer::append(std::string topic, std::vector<Outgoing> records) {
  if (records.empty()) co_return std::vector<Offset>();
  bool allowed = false;
  {
    std::lock_guard const lock(mutex_);
    allowed = breaker_.allows(std::chrono::steady_clock::now());
  }
  if (!allowed) {
    ++counts_->refused;
    throw Error{Code::unavailable, "Storage is not available",
                "append to Kafka: it failed just now: " + trouble_.last()};
  }
  Counted const under_way(counts_);
  auto const executor = co_await boost::asio::this_coro::executor;
  auto const batch = std::make_shared<Batch>();
  batch->left = records.size();
  batch->offsets.resize(records.size(), -1);
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&, executor](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        batch->resume = [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); };
        send(topic, records, batch);
      },
      boost::asio::use_awaitable);
  if (batch->failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
    counts_->appended += records.size();
    std::lock_guard const lock(mutex_);
    breaker_.succeeded();
    trouble_.over();
    co_return std::move(batch->offsets);
  }
  {
    std::lock_guard const lock(mutex_);
    breaker_.failed(std::chrono::steady_clock::now());
  }
  ++counts_->append_failures;
  if (batch->some_done) ++counts_->unknown;
  throw Error{batch->some_done ? Code::unknown : Code::unavailable, "Storage is not available",
              std::string("append to Kafka: ") + rd_kafka_err2str(batch->failure) + ' ' + trouble_.last()};
}

}  // namespace kith::kafka
