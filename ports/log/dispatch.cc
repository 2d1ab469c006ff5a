#include "ports/log/dispatch.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace kith {
namespace {

// Longer than a slow disk needs, shorter than a person notices.
constexpr Duration echo_wait = std::chrono::milliseconds{250};

// The echo handlers of one commit. Those that are late finish by themselves, so this belongs to
// all of them, and the request only looks at it while it waits.
struct Echo {
  std::size_t left = 0;
  std::function<void()> resume = {};

  void wake() {
    if (resume) std::exchange(resume, nullptr)();
  }
  void settled() {
    if (--left == 0) wake();
  }
};

Task<bool> succeeds(Follower const& follower, Event event) {
  try {
    co_await follower.handle(std::move(event));
    co_return true;
  } catch (...) {
    co_return false;  // the log delivers it, counts the attempts and keeps the reason
  }
}

Task<void> follow(Follower const& follower, Event event, std::shared_ptr<Echo> echo, Log* log) {
  EventId const id = event.id;
  bool const done = co_await succeeds(follower, std::move(event));
  // The answer need not wait for the acknowledgement: without it the event only comes once more.
  echo->settled();
  echo.reset();
  if (done && log != nullptr) co_await log->acknowledge(follower.group, id);
}

Task<void> give_up(Clock& clock, std::weak_ptr<Echo> echo) {
  co_await clock.sleep(echo_wait);
  if (auto const waiting = echo.lock()) waiting->wake();
}

void ignore(std::exception_ptr) {}  // a lost acknowledgement

bool echoes(Follower const& follower, Event const& event) {
  return follower.echo && follower.kind == event.kind && event.schema <= follower.schema;
}

}  // namespace

void check_limits(Event const& event) {
  if (event.kind.size() + event.key.size() + event.body.size() > event_bytes_max)
    throw Error{Code::invalid, "This is too large to be stored", event.kind + ": an event has at most 1,024 bytes"};
}

void Dispatch::add(Follower follower) {
  check(log_ == nullptr, "followers are added before the log is connected");
  for (Follower const& other : followers_)
    check(other.group != follower.group || other.kind != follower.kind, "a group follows a kind once");
  followers_.push_back(std::move(follower));
}

void Dispatch::connect(Log& log) {
  check(log_ == nullptr, "the log is connected once");
  std::vector<Subscription> subscriptions;
  for (Follower const& follower : followers_) {
    auto subscription = subscriptions.begin();
    while (subscription != subscriptions.end() && subscription->group != follower.group) ++subscription;
    if (subscription == subscriptions.end()) {
      subscription = subscriptions.insert(subscriptions.end(), Subscription{follower.group, {}, {}});
      subscription->handle = [this, group = follower.group](Event event) -> Task<void> {
        for (Follower const& candidate : followers_)
          if (candidate.group == group && candidate.kind == event.kind) return candidate.handle(std::move(event));
        broken("the log delivers only kinds that a group asked for");
      };
    }
    subscription->kinds.push_back({follower.kind, follower.schema, follower.echo});
  }
  log_ = &log;
  for (Subscription& subscription : subscriptions) log.subscribe(std::move(subscription));
}

Task<void> Dispatch::echo(std::vector<Event> events) {
  auto const executor = co_await boost::asio::this_coro::executor;
  Time const now = clock_.now();
  auto echo = std::make_shared<Echo>();
  std::weak_ptr<Echo> const watched = echo;
  // Held back until all have begun: a handler that never suspends would else end the wait early.
  echo->left = 1;
  for (Event const& event : events) {
    if (event.due > now) continue;
    for (Follower const& follower : followers_) {
      if (!echoes(follower, event)) continue;
      ++echo->left;
      boost::asio::co_spawn(executor, follow(follower, event, echo, log_), ignore);
    }
  }
  if (--echo->left == 0) co_return;

  // Owned by the timer too, which may end after this wait.
  auto const stop = std::make_shared<boost::asio::cancellation_signal>();
  boost::asio::co_spawn(executor, give_up(clock_, watched),
                        boost::asio::bind_cancellation_slot(stop->slot(), [stop](std::exception_ptr) {}));
  // From here on only the handlers hold it: a server that stops drops them, then this wait.
  echo.reset();
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&watched, executor](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        watched.lock()->resume = [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); };
      },
      boost::asio::use_awaitable);
  stop->emit(boost::asio::cancellation_type::terminal);
}

}  // namespace kith
