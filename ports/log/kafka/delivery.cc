// Delivery: who handles what, and when again.

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "ports/log/failure.h"
#include "ports/log/kafka/parts.h"

namespace kith {
namespace {

// Enough to hide the servers, few enough that handlers leave room for requests.
constexpr std::uint32_t running_max = 64;
// A handler that never waits gives way to requests after so many events.
constexpr int in_a_row_max = 16;
// While what is to be set aside cannot be written.
constexpr Duration aside_again = std::chrono::seconds{10};

}  // namespace

// Under the mutex. Begins as many workers as there is work for them.
void KafkaLog::Parts::begin_work(Consumer& consumer) {
  if (!started || stopping) return;
  kafka::Group& group = consumer.group;
  auto begin = std::min<std::size_t>(group.ready(), running_max - group.running);
  for (; begin > 0; --begin) {
    ++group.running;
    ++running;
    boost::asio::co_spawn(executors[turn++ % executors.size()], work(consumer), [](std::exception_ptr) {});
  }
}

Task<void> KafkaLog::Parts::work(Consumer& consumer) {
  auto const executor = co_await boost::asio::this_coro::executor;
  // Never on the stack of whoever begins it, who holds the mutex.
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
  for (int in_a_row = 1;; ++in_a_row) {
    auto taken = take(consumer);
    if (!taken) co_return;
    auto failure = co_await failure_of(consumer.group.subscription, taken->logged->event);
    co_await finish(consumer, std::move(*taken), std::move(failure));
    if (in_a_row % in_a_row_max == 0) co_await boost::asio::post(executor, boost::asio::use_awaitable);
  }
}

// Nothing: this worker ends.
std::optional<kafka::Group::Taken> KafkaLog::Parts::take(Consumer& consumer) {
  Lock const lock(mutex);
  if (!stopping)
    if (auto taken = consumer.group.take()) return taken;
  --consumer.group.running;
  if (--running == 0 && stopped) std::exchange(stopped, nullptr)();
  return std::nullopt;
}

Task<void> KafkaLog::Parts::finish(Consumer& consumer, kafka::Group::Taken taken, std::optional<std::string> failure) {
  kafka::Group& group = consumer.group;
  kafka::Group::Ended ended;
  {
    Lock const lock(mutex);
    ended = group.end(taken.place, failure.has_value(), needs.clock.monotonic(), options.retry_pause);
  }
  ++(failure ? counts->failures : counts->handled);
  if (ended.gone || !ended.aside) co_return;
  std::optional<kafka::Aside> aside;
  if (failure) aside.emplace(*taken.logged, needs.clock.now(), ended.attempts, std::move(*failure));
  try {
    co_await write_aside(consumer, taken.logged, std::move(aside));
    Lock const lock(mutex);
    group.drop(taken.place);
  } catch (Error const&) {  // it stays with us, and is handled once more
    Lock const lock(mutex);
    group.later(taken.place, needs.clock.monotonic() + aside_again);
  }
}

// Nothing: it is handled, and the topic forgets it.
Task<void> KafkaLog::Parts::write_aside(Consumer& consumer, kafka::LoggedPtr logged,
                                        std::optional<kafka::Aside> aside) {
  kafka::Group& group = consumer.group;
  EventId const event = logged->event.id;
  if (aside && !aside->again) ++counts->put_aside;
  std::vector<kafka::Outgoing> one(1);
  one.front().appended = needs.clock.now();
  if (aside)
    one.front().record = record_of(group.name(), *aside);
  else
    one.front().record = {.key = kafka::aside_key(group.name(), event), .value = {}, .gone = true};
  auto const offsets = co_await producer.append(topics.aside, std::move(one));
  Lock const lock(mutex);
  group.aside_wrote(event, std::move(aside), offsets.front());
  begin_work(consumer);
}

Task<void> KafkaLog::Parts::stop() {
  auto const executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [this, executor](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        auto resume = [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); };
        Lock const lock(mutex);
        stopping = true;
        if (running > 0)
          stopped = std::move(resume);
        else
          resume();
      },
      boost::asio::use_awaitable);
}

}  // namespace kith
