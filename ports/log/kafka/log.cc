#include "ports/log/kafka/log.h"

#include <sys/prctl.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <ranges>

#include "base/check.h"
#include "base/run.h"
#include "ports/log/kafka/parts.h"

namespace kith {
namespace {

using namespace std::chrono_literals;

// Whoever waits for a group looks this often. For tools, tests and moves, so it need not be cheap.
constexpr std::chrono::milliseconds look_again = 5ms;

Task<void> pause(std::chrono::milliseconds length) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, length);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

std::vector<kafka::Outgoing> outgoing(std::vector<Event> const& events, Time now) {
  std::vector<kafka::Outgoing> records;
  records.reserve(events.size());
  for (Event const& event : events) {
    check(static_cast<bool>(event.id), "an event has an id before it is appended");
    check_limits(event);
    records.push_back({kafka::record_of(event, now), now});
  }
  return records;
}

}  // namespace

KafkaLog::Parts::Parts(Needs needs, KafkaOptions given)
    : needs(std::move(needs)),
      options(std::move(given)),
      topics(kafka::make_topics(options)),
      producer(options, counts, answers.fd()),
      password(options) {
  boost::asio::co_spawn(loop, answers.watch([this] { producer.serve(); }), boost::asio::detached);
  thread = std::thread([this] {
    prctl(PR_SET_NAME, "kafka");
    loop.run();
  });
}

KafkaLog::Parts::~Parts() {
  {
    Lock const lock(mutex);
    stopping = true;
  }
  closing = true;
  while (settling > 0) std::this_thread::sleep_for(1ms);
  loop.stop();
  thread.join();
  workers.reset();
  try {
    if (started && needs.settle) run(needs.settle());
    for (auto const& consumer : consumers)
      if (consumer->client) leave(*consumer);
  } catch (Error const&) {
    // What is not remembered is delivered again.
  }
}

KafkaLog::KafkaLog(Needs needs, KafkaOptions options)
    : parts_(std::make_unique<Parts>(std::move(needs), std::move(options))) {}
KafkaLog::~KafkaLog() = default;

void KafkaLog::subscribe(Subscription subscription) {
  check(!parts_->started, "groups subscribe before the log starts");
  check(parts_->find(subscription.group) == nullptr, "a group subscribes once");
  parts_->consumers.push_back(std::make_unique<kafka::Consumer>(parts_->loop, std::move(subscription)));
}

void KafkaLog::start(std::vector<boost::asio::any_io_executor> executors) {
  Parts& parts = *parts_;
  check(!parts.started && !executors.empty(), "a log starts once, with somewhere to run");
  {
    Parts::Lock const lock(parts.mutex);
    parts.executors = std::move(executors);
    parts.started = true;
  }
  for (auto const& consumer : parts.consumers) parts.join(*consumer);
  boost::asio::co_spawn(parts.loop, parts.look(), boost::asio::detached);
  boost::asio::co_spawn(parts.loop, parts.remember(), boost::asio::detached);
}

Task<void> KafkaLog::stop_delivery() { return parts_->stop(); }

KafkaStats KafkaLog::stats() const {
  kafka::Counts const& counts = *parts_->counts;
  return {.appended = counts.appended,
          .append_failures = counts.append_failures,
          .unknown = counts.unknown,
          .refused = counts.refused,
          .taken_in = counts.taken_in,
          .handled = counts.handled,
          .failures = counts.failures,
          .put_aside = counts.put_aside,
          .commits = counts.commits,
          .commit_failures = counts.commit_failures,
          .rebalances = counts.rebalances,
          .partitions = counts.partitions,
          .under_way = counts.under_way};
}

KafkaLog::Parts::Consumer* KafkaLog::Parts::find(std::string const& group) {
  auto const found = std::ranges::find_if(consumers, [&](auto const& each) { return each->group.name() == group; });
  return found == consumers.end() ? nullptr : found->get();
}

KafkaLog::Parts::Consumer& KafkaLog::Parts::member(std::string const& group) {
  Consumer* const found = find(group);
  if (found == nullptr) throw Error{Code::not_found, "No such group follows events: " + group};
  return *found;
}

void KafkaLog::observe(Metrics& metrics, Tracer* tracer) {
  parts_->append_numbers.emplace(metrics, "kith_engine", "Calls of engines",
                                 Metrics::Labels{{"engine", "kafka"}, {"verb", "append"}});
  parts_->tracer = tracer;
}

Task<void> KafkaLog::append(std::vector<Event> events) {
  auto records = outgoing(events, parts_->needs.clock.now());
  auto spans = parts_->spans_of(events);
  try {
    co_await observed(parts_->append_numbers ? &*parts_->append_numbers : nullptr, Span(),
                      parts_->producer.append(parts_->topics.events, std::move(records)));
  } catch (Error const& error) {
    for (Span& span : spans) span.failed(error.detail);
    throw;
  }
}

// An outbox brings events of many requests at once, and belongs to none of them.
std::vector<Span> KafkaLog::Parts::spans_of(std::vector<Event> const& events) const {
  std::vector<Span> spans;
  if (tracer == nullptr) return spans;
  for (Event const& event : events) {
    if ((event.trace[0] | event.trace[1]) == 0) continue;
    Span& span = spans.emplace_back(tracer, TraceParent{event.trace, event.span, true}, SpanKind::producer, "append");
    span.text("messaging.system", "kafka");
    span.text("messaging.destination.name", topics.events);
    span.text("kith.event", std::to_string(event.id.value));
  }
  return spans;
}

Task<void> KafkaLog::acknowledge(std::string name, EventId event) {
  Parts& parts = *parts_;
  kafka::Consumer* const by = parts.find(name);
  if (by == nullptr) co_return;
  kafka::LoggedPtr aside;
  {
    Parts::Lock const lock(parts.mutex);
    if (by->group.acknowledged(event, parts.needs.clock.monotonic()))
      aside = std::make_shared<kafka::LoggedEvent const>(by->group.aside().at(event.value).logged);
  }
  if (aside) co_await parts.write_aside(*by, std::move(aside), std::nullopt);
}

Task<KafkaLog::Parts::Ends> KafkaLog::Parts::ends() {
  Ends found;
  found = co_await workers->run([this] {
    return kafka::patiently(options.deadline, [this] {
      auto const client = producer.client();
      return Ends{kafka::ends(*client, topics.events, topics.partitions, options.deadline),
                  kafka::ends(*client, topics.aside, 1, options.deadline).at(0)};
    });
  });
  co_return found;
}

// How far others are with the partitions that are not here.
Task<std::map<std::int32_t, kafka::Progress>> KafkaLog::Parts::elsewhere(
    Consumer& consumer, std::map<std::int32_t, kafka::Offset> const& below) {
  std::vector<std::int32_t> numbers;
  std::map<std::int32_t, kafka::Progress> progress;
  {
    Lock const lock(mutex);
    for (auto const& [number, offset] : below)
      if (offset > 0 && consumer.group.find(number) == nullptr) numbers.push_back(number);
  }
  if (numbers.empty() || !consumer.client) co_return progress;
  progress = co_await workers->run(
      [&] { return kafka::patiently(options.deadline, [&] { return committed(consumer, numbers); }); });
  for (auto const number : numbers) progress.try_emplace(number);
  co_return progress;
}

Task<std::vector<Lag>> KafkaLog::lag() {
  Parts& parts = *parts_;
  Parts::Ends const ends = co_await parts.ends();
  std::vector<Lag> lags;
  for (auto const& consumer : parts.consumers) lags.push_back(co_await parts.lag(*consumer, ends));
  co_return lags;
}

Task<Lag> KafkaLog::Parts::lag(Consumer& consumer, Ends const& ends) {
  kafka::Counted const under_way(counts);
  Lag lag{.group = consumer.group.name()};
  if (!started) co_return lag;
  auto const until = std::chrono::steady_clock::now() + options.deadline;
  for (bool loaded = false; !loaded && std::chrono::steady_clock::now() < until;) {
    {
      Lock const lock(mutex);
      kafka::Group const& group = consumer.group;
      loaded = group.joined && (group.paused || (group.loaded(ends.events) && group.aside_settled(ends.aside)));
    }
    if (!loaded) co_await pause(look_again);
  }
  auto const others = co_await elsewhere(consumer, ends.events);
  for (auto const& [number, progress] : others) {
    kafka::Offset const end = ends.events.at(number);
    lag.waiting += static_cast<std::uint64_t>(std::max<kafka::Offset>(end - progress.loaded_to, 0)) +
                   static_cast<std::uint64_t>(progress.open.size());
  }
  Lock const lock(mutex);
  consumer.group.count(lag, needs.clock.now());
  // A backlog with the servers is counted with the events of kinds it may not follow.
  for (auto const& [number, partition] : consumer.group.partitions())
    if (auto const end = ends.events.find(number); end != ends.events.end() && partition.loaded_to < end->second)
      lag.waiting += static_cast<std::uint64_t>(end->second - partition.loaded_to);
  co_return lag;
}

// By event id as text after the group's name, as the topic is keyed.
Task<std::map<std::string, kafka::Aside>> KafkaLog::Parts::aside_of(std::string name) {
  std::map<std::string, kafka::Aside> found;
  if (Consumer* const consumer = find(name); consumer != nullptr) {
    Lock const lock(mutex);
    kafka::Group const& group = consumer->group;
    if (group.has_aside()) {
      for (auto const& [event, aside] : group.aside())
        if (group.rests(EventId{event})) found.emplace(kafka::aside_key(name, EventId{event}), aside);
      co_return found;
    }
  }
  kafka::Counted const under_way(counts);
  found = co_await workers->run([this] { return kafka::read_aside(options, topics); });
  std::erase_if(found, [&](auto const& one) { return kafka::named_by(one.first).first != name || one.second.again; });
  co_return found;
}

Task<std::vector<SetAside>> KafkaLog::set_aside(std::string name, std::size_t limit) {
  auto found = co_await parts_->aside_of(name);
  std::vector<SetAside> list;
  for (auto& [key, aside] : found) {
    if (list.size() >= limit) break;
    list.push_back({name, std::move(aside.logged.event), aside.attempts, std::move(aside.failure)});
  }
  co_return list;
}

Task<void> KafkaLog::retry(std::string name, EventId event) {
  Parts& parts = *parts_;
  kafka::Consumer& by = parts.member(name);
  auto found = co_await parts.aside_of(name);
  auto const one = found.find(kafka::aside_key(name, event));
  if (one == found.end()) throw Error{Code::not_found, "No such event is set aside"};
  kafka::Aside aside = std::move(one->second);
  aside.attempts = 0;
  aside.again = true;
  auto logged = std::make_shared<kafka::LoggedEvent const>(aside.logged);
  // By the topic, for another process may have the events that this group has set aside.
  co_await parts.write_aside(by, std::move(logged), std::move(aside));
}

Task<void> KafkaLog::replay(std::string name, Time since) {
  Parts& parts = *parts_;
  parts.member(name);
  std::vector<kafka::Outgoing> all;
  for (std::int32_t number = 0; number < parts.topics.partitions; ++number)
    all.push_back({kafka::record_of(kafka::Replay{name, since}), parts.needs.clock.now(), number});
  co_await parts.producer.append(parts.topics.events, std::move(all));
}

Task<void> KafkaLog::caught_up(std::string name) {
  Parts& parts = *parts_;
  kafka::Consumer* const waited_for = parts.find(name);
  if (waited_for == nullptr) co_return;
  kafka::Group& group = waited_for->group;
  std::optional<kafka::Counted> reading;  // unlike the pauses of a handler that fails, somebody's work
  reading.emplace(parts.counts);
  Parts::Ends const ends = co_await parts.ends();
  {
    Parts::Lock const lock(parts.mutex);
    group.make_ready(parts.needs.clock.monotonic(), parts.needs.clock.now());
    group.try_aside(parts.needs.clock.now() - kafka::aside_pause);
    parts.begin_work(*waited_for);
  }
  for (;;) {
    bool here = false, loaded = false;
    {
      Parts::Lock const lock(parts.mutex);
      loaded = group.joined && group.loaded(ends.events) && group.aside_settled(ends.aside);
      here = loaded && group.settled(ends.events, parts.needs.clock.now());
    }
    bool there = true;
    auto const others = co_await parts.elsewhere(*waited_for, ends.events);
    for (auto const& [number, progress] : others)
      there = there && progress.open.empty() && progress.loaded_to >= ends.events.at(number);
    if (here && there) co_return;
    if (loaded && there)
      reading.reset();
    else if (!reading)
      reading.emplace(parts.counts);
    co_await pause(look_again);
  }
}

}  // namespace kith
