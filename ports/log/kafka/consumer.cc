// Reading: what a group's member in this process has, takes in and commits.

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

#include "base/log.h"
#include "base/run.h"
#include "ports/log/kafka/parts.h"

namespace kith {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr int read_in_a_row = 1'000;
constexpr milliseconds remember_every = 200ms;
constexpr milliseconds password_every = 10s;
constexpr Duration aside_every = std::chrono::minutes{1};
// Handlers in progress may end before their partition goes to another process, which would repeat them.
constexpr milliseconds leave_within = 5s;

Task<void> pause(boost::asio::io_context& loop, milliseconds length) {
  boost::asio::steady_timer timer(loop, length);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

void divided(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list, void* opaque) {
  auto& consumer = static_cast<kafka::Consumer&>(*static_cast<kafka::Trouble*>(opaque));
  consumer.change.reset(rd_kafka_topic_partition_list_copy(list));
  consumer.member = consumer.changing = true;
  consumer.coming = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  consumer.changed();
}

void remembered(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*) {}

// Tells the servers that the change is done.
void agree(kafka::Consumer& consumer) {
  consumer.changing = false;
  kafka::Owned<rd_kafka_error_t> const failed(
      consumer.coming ? rd_kafka_incremental_assign(consumer.client.get(), consumer.change.get())
                      : rd_kafka_incremental_unassign(consumer.client.get(), consumer.change.get()));
  if (failed)
    log(LogLevel::warn, "Kafka did not take our word for partitions", {{"why", rd_kafka_error_string(failed.get())}});
}

}  // namespace

namespace kafka {

Wake::Wake(boost::asio::io_context& loop) : descriptor_(loop, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Task<void> Wake::watch(std::function<void()> serve) {
  for (;;) {
    co_await descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read, boost::asio::use_awaitable);
    std::uint64_t times = 0;
    [[maybe_unused]] auto const got = ::read(fd(), &times, sizeof times);
    serve();
  }
}

}  // namespace kafka

void KafkaLog::Parts::join(Consumer& consumer) {
  kafka::Conf conf(options, consumer);
  conf.set("group.id", group_id(consumer))
      .set("partition.assignment.strategy", "cooperative-sticky")
      .set("enable.auto.commit", "false")
      .set("enable.auto.offset.store", "false")
      .set("auto.offset.reset", "earliest")
      .set("enable.partition.eof", "true")
      // A process that died is noticed in so long, a new one in the time of a heartbeat.
      .set("session.timeout.ms", "10000")
      .set("heartbeat.interval.ms", "1000")
      .set("fetch.error.backoff.ms", "100")
      .set("topic.metadata.refresh.interval.ms", "60000")
      .set("queued.min.messages", "2000")
      .set("queued.max.messages.kbytes", "4096");
  rd_kafka_conf_set_rebalance_cb(conf.get(), &divided);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), &remembered);
  consumer.client = conf.client(RD_KAFKA_CONSUMER);
  rd_kafka_poll_set_consumer(consumer.client.get());
  consumer.changed = [this, &consumer] {
    ++counts->rebalances;
    if (closing)
      agree(consumer);
    else
      boost::asio::co_spawn(loop, change(consumer), boost::asio::detached);
  };
  kafka::Owned<rd_kafka_queue_t> const queue(rd_kafka_queue_get_consumer(consumer.client.get()));
  static constexpr std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue.get(), consumer.wake.fd(), &one, sizeof one);
  kafka::Places const wanted = kafka::places(2);
  rd_kafka_topic_partition_list_add(wanted.get(), topics.events.c_str(), RD_KAFKA_PARTITION_UA);
  rd_kafka_topic_partition_list_add(wanted.get(), topics.aside.c_str(), RD_KAFKA_PARTITION_UA);
  if (auto const failed = rd_kafka_subscribe(consumer.client.get(), wanted.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR)
    kafka::throw_failure("follow the log", failed);
  boost::asio::co_spawn(loop, consumer.wake.watch([this, &consumer] { serve(consumer); }), boost::asio::detached);
}

// On the way out, when the thread has ended.
void KafkaLog::Parts::leave(Consumer& consumer) {
  // librdkafka before 2.2 ends the program when a member is destroyed between joining and its first partitions
  // (its issue 4312). Where these do not come in time, the member is left to itself.
  auto const until = std::chrono::steady_clock::now() + options.deadline;
  while (!consumer.member && std::chrono::steady_clock::now() < until)
    kafka::Owned<rd_kafka_message_t> const ignored(rd_kafka_consumer_poll(consumer.client.get(), 20));
  if (!consumer.member) {
    static_cast<void>(consumer.client.release());
    return;
  }
  // Whatever is to change: until that is agreed, what was divided before is ours to say.
  if (kafka::Places list = to_commit(consumer); list->cnt > 0) commit(consumer, std::move(list));
  if (consumer.changing) agree(consumer);
  rd_kafka_consumer_close(consumer.client.get());
  consumer.client.reset();
}

void KafkaLog::Parts::serve(Consumer& consumer) {
  for (int i = 0; i < read_in_a_row; ++i) {
    kafka::Owned<rd_kafka_message_t> const message(rd_kafka_consumer_poll(consumer.client.get(), 0));
    if (!message) {
      Lock const lock(mutex);
      pause_or_resume(consumer);
      begin_work(consumer);
      return;
    }
    read(consumer, *message);
  }
  {
    Lock const lock(mutex);
    pause_or_resume(consumer);
    begin_work(consumer);
  }
  boost::asio::post(loop, [this, &consumer] { serve(consumer); });
}

void KafkaLog::Parts::read(Consumer& consumer, rd_kafka_message_t const& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    consumer.note(message.err, rd_kafka_message_errstr(&message));
    return;
  }
  bool const end = message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  bool const aside = rd_kafka_topic_name(message.rkt) == topics.aside;
  kafka::Group& group = consumer.group;
  kafka::Record const record = end ? kafka::Record{} : kafka::record_in(message);
  Lock const lock(mutex);
  if (aside) {
    if (end) {
      group.aside_read(message.offset);
    } else if (auto const [name, event] = kafka::named_by(record.key); name == group.name()) {
      group.aside_said(event, record.gone ? std::optional<kafka::Aside>() : kafka::aside_in(record), message.offset);
    }
    return;
  }
  kafka::Partition* const partition = group.find(message.partition);
  if (partition == nullptr || message.offset < partition->loaded_to) return;
  if (end) {
    consumer.over();
    partition->loaded_to = message.offset;
    return;
  }
  if (!kafka::is_replay(record)) {
    ++counts->taken_in;
    group.take_in({message.partition, message.offset}, kafka::event_in(record), needs.clock.monotonic(),
                  needs.clock.now());
    return;
  }
  partition->loaded_to = message.offset + 1;
  partition->dirty = true;
  kafka::Replay const replay = kafka::replay_in(record);
  if (replay.group != group.name() || message.offset <= partition->replayed) return;
  partition->replayed = message.offset;
  partition->replaying = true;
  boost::asio::co_spawn(loop, begin_again(consumer, message.partition, replay.since), boost::asio::detached);
}

Task<void> KafkaLog::Parts::begin_again(Consumer& consumer, std::int32_t partition, Time since) {
  kafka::Offset first = -1;
  for (bool known = false; !known;) {
    try {
      first = (co_await workers->run([&] {
                std::vector<std::int32_t> const one{partition};
                return kafka::first_since(*consumer.client, topics.events, one, since, options.deadline);
              })).at(partition);
      known = true;
    } catch (Error const&) {
      // The servers are away: nothing can be read meanwhile either.
    }
    if (!known) co_await pause(loop, 200ms);
  }
  Lock const lock(mutex);
  kafka::Partition* const again = consumer.group.find(partition);
  if (again == nullptr) co_return;
  if (first < 0) first = again->loaded_to;
  consumer.group.begin_again(partition, first);
  kafka::Places const list = kafka::places(1);
  rd_kafka_topic_partition_list_add(list.get(), topics.events.c_str(), partition)->offset = first;
  kafka::Owned<rd_kafka_error_t> const failed(rd_kafka_seek_partitions(consumer.client.get(), list.get(), 0));
}

Task<void> KafkaLog::Parts::change(Consumer& consumer) {
  if (consumer.coming)
    co_await take_over(consumer);
  else
    co_await give_up(consumer);
}

Task<void> KafkaLog::Parts::take_over(Consumer& consumer) {
  std::vector<std::int32_t> numbers;
  for (int i = 0; i < consumer.change->cnt; ++i)
    if (consumer.change->elems[i].topic == topics.events) numbers.push_back(consumer.change->elems[i].partition);
  std::map<std::int32_t, kafka::Progress> before;
  for (bool known = numbers.empty(); !known;) {
    try {
      before = co_await workers->run([&] { return committed(consumer, numbers); });
      known = true;
    } catch (Error const& error) {
      consumer.note(RD_KAFKA_RESP_ERR_NO_ERROR, error.detail);
    }
    if (!known) co_await pause(loop, 200ms);
  }
  Lock const lock(mutex);
  for (int i = 0; i < consumer.change->cnt; ++i) {
    auto& one = consumer.change->elems[i];
    if (one.topic == topics.aside) {
      consumer.group.aside_came();
      one.offset = RD_KAFKA_OFFSET_BEGINNING;
      continue;
    }
    auto const known = before.find(one.partition);
    one.offset =
        consumer.group.add(one.partition, known == before.end() ? std::optional<kafka::Progress>() : known->second);
    ++counts->partitions;
  }
  consumer.group.joined = true;
  agree(consumer);
}

Task<void> KafkaLog::Parts::give_up(Consumer& consumer) {
  std::vector<std::int32_t> numbers;
  bool aside = false;
  for (int i = 0; i < consumer.change->cnt; ++i) {
    auto const& one = consumer.change->elems[i];
    if (one.topic == topics.aside)
      aside = true;
    else
      numbers.push_back(one.partition);
  }
  kafka::Group& group = consumer.group;
  // Lost already: others have them, and what we would commit is no longer ours to say.
  if (rd_kafka_assignment_lost(consumer.client.get()) == 0) {
    auto const until = std::chrono::steady_clock::now() + leave_within;
    for (bool busy = true; busy;) {
      busy = false;
      {
        Lock const lock(mutex);
        for (auto const number : numbers)
          if (kafka::Partition* const partition = group.find(number)) {
            partition->leaving = true;
            busy = busy || std::ranges::any_of(partition->pending, [](auto const& one) { return one.second.running; });
          }
      }
      busy = busy && std::chrono::steady_clock::now() < until;
      if (busy) co_await pause(loop, 10ms);
    }
    // Two at once might come in the other order, and the older one would stay.
    while (consumer.committing) co_await pause(loop, 10ms);
    try {
      kafka::Places list = to_commit(consumer);
      co_await settle();
      if (list->cnt > 0) co_await workers->run([&] { commit(consumer, std::move(list)); });
    } catch (Error const&) {
      // What was not remembered is delivered again, there.
    }
  }
  Lock const lock(mutex);
  for (auto const number : numbers) {
    group.remove(number);
    --counts->partitions;
  }
  if (aside) group.aside_lost();
  agree(consumer);
}

// Under the mutex.
void KafkaLog::Parts::pause_or_resume(Consumer& consumer) {
  kafka::Group& group = consumer.group;
  bool const full = group.pending() >= (group.paused ? kafka::pending_max / 2 : kafka::pending_max);
  if (full == group.paused) return;
  group.paused = full;
  kafka::Places const list = kafka::places();
  for (auto const& [number, partition] : group.partitions())
    rd_kafka_topic_partition_list_add(list.get(), topics.events.c_str(), number);
  if (full)
    rd_kafka_pause_partitions(consumer.client.get(), list.get());
  else
    rd_kafka_resume_partitions(consumer.client.get(), list.get());
}

// What changed since the last time, as it is now.
kafka::Places KafkaLog::Parts::to_commit(Consumer& consumer) {
  kafka::Places list = kafka::places();
  Lock const lock(mutex);
  for (auto const& [number, known] : consumer.group.partitions()) {
    kafka::Partition& partition = *consumer.group.find(number);
    if (!std::exchange(partition.dirty, false) || partition.replaying) continue;
    kafka::Progress progress = consumer.group.progress(partition);
    std::string const text = encode(progress);
    if (partition.remembered == progress) continue;
    auto* const one = rd_kafka_topic_partition_list_add(list.get(), topics.events.c_str(), number);
    one->offset = progress.committed();
    one->metadata = ::strdup(text.c_str());  // freed by its list
    one->metadata_size = text.size();
    partition.remembered = std::move(progress);
  }
  return list;
}

void KafkaLog::Parts::commit(Consumer& consumer, kafka::Places list) {
  kafka::Owned<rd_kafka_queue_t> const answer(rd_kafka_queue_new(consumer.client.get()));
  ++counts->commits;
  auto failed = rd_kafka_commit_queue(consumer.client.get(), list.get(), answer.get(), nullptr, nullptr);
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
    kafka::Owned<rd_kafka_event_t> const event(
        rd_kafka_queue_poll(answer.get(), static_cast<int>(options.deadline.count())));
    failed = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  }
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  ++counts->commit_failures;
  Lock const lock(mutex);
  for (int i = 0; i < list->cnt; ++i)
    if (kafka::Partition* const partition = consumer.group.find(list->elems[i].partition)) {
      partition->dirty = true;
      partition->remembered.reset();
    }
}

// Throws Error{unavailable} when the log is about to end, which waits for what was begun here.
Task<void> KafkaLog::Parts::settle() {
  if (!needs.settle) co_return;
  ++settling;
  std::exception_ptr failure;
  try {
    if (closing) throw Error{Code::unavailable, "The server is stopping", "the log ends"};
    co_await needs.settle();
  } catch (...) {
    failure = std::current_exception();
  }
  --settling;
  if (failure) std::rethrow_exception(failure);
}

// Commits now and then what is handled, after what handlers wrote would survive.
Task<void> KafkaLog::Parts::remember() {
  for (;;) {
    co_await pause(loop, remember_every);
    for (auto const& consumer : consumers) {
      if (consumer->changing) continue;
      kafka::Places list = to_commit(*consumer);
      if (list->cnt == 0) continue;
      consumer->committing = true;
      bool settled = true;
      try {
        co_await settle();
      } catch (Error const&) {  // a full disk: later
        settled = false;
      }
      if (settled) co_await workers->run([&] { commit(*consumer, std::move(list)); });
      consumer->committing = false;
      if (settled) continue;
      Lock const lock(mutex);
      for (int i = 0; i < list->cnt; ++i)
        if (kafka::Partition* const partition = consumer->group.find(list->elems[i].partition)) {
          partition->dirty = true;
          partition->remembered.reset();
        }
    }
  }
}

// Wakes what waits for its time. The clock may jump meanwhile, so it is asked again now and then.
Task<void> KafkaLog::Parts::look() {
  auto password_asked = std::chrono::steady_clock::now();
  Duration aside_tried = needs.clock.monotonic();
  for (;;) {
    co_await pause(loop, options.clock_look);
    {
      Lock const lock(mutex);
      Duration const now = needs.clock.monotonic();
      bool const hourly = now >= aside_tried + aside_every;
      if (hourly) aside_tried = now;
      for (auto const& consumer : consumers) {
        consumer->group.make_ready(now, needs.clock.now());
        if (hourly) consumer->group.try_aside(needs.clock.now() - kafka::aside_pause);
        if (consumer->client) pause_or_resume(*consumer);
        begin_work(*consumer);
      }
    }
    if (std::chrono::steady_clock::now() < password_asked + password_every) continue;
    password_asked = std::chrono::steady_clock::now();
    if (auto const fresh = password.changed()) {
      producer.password(options.user, *fresh);
      for (auto const& consumer : consumers)
        if (consumer->client)
          kafka::Owned<rd_kafka_error_t> const failed(
              rd_kafka_sasl_set_credentials(consumer->client.get(), options.user.c_str(), fresh->c_str()));
    }
  }
}

}  // namespace kith
