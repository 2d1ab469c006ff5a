#include "ports/bus/memory.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/error.h"

namespace kith {
namespace {

using boost::asio::steady_timer;

// What waits for one listener, and the timer by whose cancelling it is woken: cancelling the waiting
// task, or ending its loop, then needs nothing of ours.
class Queue {
 public:
  void push(BusMessage const& message) {
    std::lock_guard const lock(mutex_);
    if (closed_) return;
    if (messages_.size() == messages_waiting_max) {
      messages_.pop_front();
      ++lost_;
    }
    messages_.push_back(message);
    wake();
  }

  void close() {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    messages_.clear();
    wake();
  }

  // Holds the queue: who waits may outlive the listener by the moment it takes to be woken.
  static Task<std::optional<BusMessage>> next(std::shared_ptr<Queue> queue) {
    auto const executor = co_await boost::asio::this_coro::executor;
    auto const timer = std::make_shared<steady_timer>(executor, steady_timer::time_point::max());
    for (;;) {
      std::optional<BusMessage> message;
      if (queue->take(message, timer)) co_return message;
      auto const [failure] = co_await timer->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      (void)failure;
      if (!queue->woken())
        throw Error{Code::unavailable, "The server is stopping", "waiting for a message was cancelled"};
    }
  }

  std::uint64_t lost() const {
    std::lock_guard const lock(mutex_);
    return lost_;
  }

 private:
  // False: the timer is now the one to wake.
  bool take(std::optional<BusMessage>& message, std::shared_ptr<steady_timer> const& timer) {
    std::lock_guard const lock(mutex_);
    if (messages_.empty() && !closed_) {
      waiting_ = timer;
      return false;
    }
    if (!messages_.empty()) {
      message = std::move(messages_.front());
      messages_.pop_front();
    }
    return true;
  }

  bool woken() const {
    std::lock_guard const lock(mutex_);
    return closed_ || !messages_.empty();
  }

  // Posted, because the listener's loop may be another thread and may not yet have begun to wait.
  void wake() {
    auto const timer = waiting_.lock();
    if (!timer) return;
    waiting_.reset();
    boost::asio::post(timer->get_executor(), [weak = std::weak_ptr(timer)] {
      if (auto const waiting = weak.lock()) waiting->cancel();
    });
  }

  mutable std::mutex mutex_;
  std::deque<BusMessage> messages_;
  std::weak_ptr<steady_timer> waiting_;
  std::uint64_t lost_ = 0;
  bool closed_ = false;
};

void refuse_long(std::string const& channel) {
  if (channel.size() > channel_bytes_max)
    throw Error{Code::internal, "Something is wrong on this server", "bus: a channel name is too long"};
}

}  // namespace

class MemoryBus::Channels {
 public:
  void say(BusMessage const& message) {
    std::lock_guard const lock(mutex_);
    auto const [from, to] = queues_.equal_range(message.channel);
    for (auto at = from; at != to; ++at) at->second->push(message);
  }
  void add(std::string const& channel, std::shared_ptr<Queue> const& queue) {
    std::lock_guard const lock(mutex_);
    auto const [from, to] = queues_.equal_range(channel);
    if (std::none_of(from, to, [&](auto const& one) { return one.second == queue; })) queues_.emplace(channel, queue);
  }
  void remove(std::string const& channel, std::shared_ptr<Queue> const& queue) {
    std::lock_guard const lock(mutex_);
    auto const [from, to] = queues_.equal_range(channel);
    auto const found = std::find_if(from, to, [&](auto const& one) { return one.second == queue; });
    if (found != to) queues_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_multimap<std::string, std::shared_ptr<Queue>> queues_;
};

namespace {

class MemoryListener final : public BusListener {
 public:
  explicit MemoryListener(std::shared_ptr<MemoryBus::Channels> bus) : bus_(std::move(bus)) {}
  ~MemoryListener() override {
    queue_->close();
    for (std::string const& channel : channels_) bus_->remove(channel, queue_);
  }

  Task<std::optional<BusMessage>> next() override { return Queue::next(queue_); }

  Task<void> add(std::string channel) override {
    join(std::move(channel));
    co_return;
  }
  void join(std::string channel) {
    refuse_long(channel);
    if (std::ranges::find(channels_, channel) != channels_.end()) return;
    if (channels_.size() == channels_max)
      throw Error{Code::exhausted, "One connection follows at most " + std::to_string(channels_max) + " streams"};
    bus_->add(channel, queue_);
    channels_.push_back(std::move(channel));
  }
  Task<void> remove(std::string channel) override {
    bus_->remove(channel, queue_);
    std::erase(channels_, channel);
    co_return;
  }
  void close() override { queue_->close(); }
  std::uint64_t lost() const override { return queue_->lost(); }

 private:
  std::shared_ptr<MemoryBus::Channels> bus_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
  std::vector<std::string> channels_;
};

}  // namespace

MemoryBus::MemoryBus() : channels_(std::make_shared<Channels>()) {}
MemoryBus::~MemoryBus() = default;

void MemoryBus::tell(BusMessage const& message) { channels_->say(message); }

void MemoryBus::check_limits(std::string const& channel, std::string const& body) {
  refuse_long(channel);
  if (body.size() > message_bytes_max)
    throw Error{Code::internal, "Something is wrong on this server", "bus: a message on " + channel + " is too long"};
}

Task<void> MemoryBus::say(std::string channel, std::string body) {
  check_limits(channel, body);
  tell({std::move(channel), std::move(body)});
  co_return;
}

Task<std::unique_ptr<BusListener>> MemoryBus::listen(std::vector<std::string> channels) {
  auto listener = std::make_unique<MemoryListener>(channels_);
  for (std::string& channel : channels) listener->join(std::move(channel));
  co_return listener;
}

}  // namespace kith
