#include "ports/log/dispatch.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/observed.h"
#include "base/traced.h"
#include "ports/clock/ids.h"

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

// Between two looks whether an echo has ended.
constexpr Duration echo_look = std::chrono::milliseconds{20};

Task<bool> succeeds(Follower const& follower, Event event) {
  try {
    co_await follower.handle(std::move(event));
    co_return true;
  } catch (...) {
    co_return false;  // the log delivers it, counts the attempts and keeps the reason
  }
}

template <class Mark>
Task<void> follow(Follower const& follower, Event event, std::shared_ptr<Echo> echo, Log* log, Mark mark) {
  EventId const id = event.id;
  bool const done = co_await succeeds(follower, std::move(event));
  mark.reset();
  // The answer need not wait for the acknowledgement: without it the event only comes once more.
  echo->settled();
  echo.reset();
  if (done && log != nullptr) co_await log->acknowledge(follower.group, id);
}

void ignore(std::exception_ptr) {}  // a lost acknowledgement

// A follower whose handler is watched.
struct Watched {
  std::string group, name;
  std::function<Task<void>(Event)> handle;
  CallNumbers numbers;
  Histogram lag;
  Clock& clock;
  Tracer* tracer;
};

Task<void> handled(std::shared_ptr<Watched const> one, Event event) {
  // An event of before it had a trace, or of one that is not sampled, has none.
  bool const sampled = (event.trace[0] | event.trace[1]) != 0;
  Time const since = event.due != no_time ? event.due : time_of_id(event.id.value);
  Span span(one->tracer, {event.trace, event.span, sampled}, SpanKind::consumer, one->name);
  if (span) {
    span.text("messaging.consumer.group.name", one->group);
    span.text("kith.event", std::to_string(event.id.value));
  }
  Task<void> work = under(span, one->handle(std::move(event)));
  co_await observed(&one->numbers, std::move(span), std::move(work));
  one->lag.observe(std::chrono::duration<double>(one->clock.now() - since).count());
}

bool echoes(Follower const& follower, Event const& event) {
  return follower.echo && follower.kind == event.kind && event.schema <= follower.schema;
}

}  // namespace

// The echoes that one loop waits for. All may wait equally long, so they become late in the order they began, and
// one sleeper serves them all: a timer each, mostly ended before its time, is dear. Only on that loop.
struct Dispatch::Patience {
  struct Wait {
    Duration until;
    std::weak_ptr<Echo> echo;
  };
  std::deque<Wait> waits;
  bool watched = false;

  static Task<void> watch(Clock& clock, std::shared_ptr<Patience> patience) {
    while (!patience->waits.empty()) {
      co_await clock.sleep(patience->waits.front().until - clock.monotonic());
      while (!patience->waits.empty() && patience->waits.front().until <= clock.monotonic()) {
        auto const echo = patience->waits.front().echo.lock();
        patience->waits.pop_front();
        if (echo) echo->wake();
      }
    }
    patience->watched = false;
  }
};

// Echoes under way. A late one may have written what no longer holds, and fail before it sees that; so the log's
// delivery of its event, which is acknowledged when all is well, comes after it.
struct Dispatch::AtWork {
  using Place = std::pair<std::string, EventId>;
  struct Mark {
    Mark(std::shared_ptr<AtWork> all, Place place) : all(std::move(all)), place(std::move(place)) {
      std::lock_guard const lock(this->all->mutex);
      this->all->places.insert(this->place);
    }
    ~Mark() {
      std::lock_guard const lock(all->mutex);
      all->places.erase(all->places.find(place));
    }
    Mark(Mark const&) = delete;

    std::shared_ptr<AtWork> const all;
    Place const place;
  };

  bool has(Place const& place) {
    std::lock_guard const lock(mutex);
    return places.contains(place);
  }

  std::mutex mutex;
  std::multiset<Place> places;
};

Dispatch::Dispatch(Clock& clock) : clock_(clock), at_work_(std::make_shared<AtWork>()) {}
Dispatch::~Dispatch() = default;

Task<void> Dispatch::deliver(std::string group, Event event) {
  while (at_work_->has({group, event.id})) co_await clock_.sleep(echo_look);
  for (Follower const& candidate : followers_)
    if (candidate.group == group && candidate.kind == event.kind) co_return co_await candidate.handle(std::move(event));
  broken("the log delivers only kinds that a group asked for");
}

std::shared_ptr<Dispatch::Patience> Dispatch::patience_of(boost::asio::any_io_executor const& executor) {
  auto& context = boost::asio::query(executor, boost::asio::execution::context);
  std::lock_guard const lock(mutex_);
  auto& patience = patience_[&context];
  if (!patience) patience = std::make_shared<Patience>();
  return patience;
}

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
      subscription->handle = [this, group = follower.group](Event event) { return deliver(group, std::move(event)); };
    }
    subscription->kinds.push_back({follower.kind, follower.schema, follower.echo});
  }
  log_ = &log;
  for (Subscription& subscription : subscriptions) log.subscribe(std::move(subscription));
}

void Dispatch::observe(Metrics& metrics, Tracer* tracer) {
  // From what people do not notice to what they complain of.
  static std::vector<double> const bounds{0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3'600};
  for (Follower& follower : followers_) {
    Metrics::Labels const labels{{"group", follower.group}};
    auto const one = std::make_shared<Watched const>(Watched{
        follower.group, follower.group + ' ' + follower.kind, std::move(follower.handle),
        CallNumbers(metrics, "kith_event_handlers", "Events handled", labels),
        metrics.histogram("kith_event_lag_seconds",
                          "From the emission of an event, or when it was due, to its being handled", labels, bounds),
        clock_, tracer});
    follower.handle = [one](Event event) { return handled(one, std::move(event)); };
  }
}

Task<void> Dispatch::acknowledge(std::string const& group, EventId event) {
  try {
    if (log_ != nullptr) co_await log_->acknowledge(group, event);
  } catch (Error const&) {
    // The event comes once more, and finds nothing to do.
  }
}

Task<void> Dispatch::echo(std::vector<Event> events, std::string_view settled) {
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
      if (follower.group == settled) {
        co_await acknowledge(follower.group, event.id);
        continue;
      }
      ++echo->left;
      auto mark = std::make_unique<AtWork::Mark>(at_work_, AtWork::Place{follower.group, event.id});
      boost::asio::co_spawn(executor, follow(follower, event, echo, log_, std::move(mark)), ignore);
    }
  }
  if (--echo->left == 0) co_return;

  auto const patience = patience_of(executor);
  patience->waits.push_back({clock_.monotonic() + echo_wait, watched});
  if (!std::exchange(patience->watched, true))
    boost::asio::co_spawn(executor, Patience::watch(clock_, patience), ignore);
  // From here on only the handlers hold it: a server that stops drops them, then this wait.
  echo.reset();
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [&watched, executor](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        watched.lock()->resume = [held, executor] { boost::asio::post(executor, [held] { std::move (*held)(); }); };
      },
      boost::asio::use_awaitable);
}

}  // namespace kith
