#include "ports/bus/redis/bus.h"

#include <boost/asio/post.hpp>
#include <set>

#include "base/error.h"

namespace kith::redis {

using std::chrono::steady_clock;

// Hears what the bus hears for the whole process, on its own channels.
class RedisListener final : public BusListener {
 public:
  RedisListener(RedisBus& bus, std::unique_ptr<BusListener> here) : bus_(bus), here_(std::move(here)) {}
  ~RedisListener() override {
    boost::asio::post(bus_.servers_.loop, [&bus = bus_, channels = std::vector(channels_.begin(), channels_.end())] {
      bus.leave(channels);
    });
  }

  Task<void> follow(std::vector<std::string> channels) {
    std::vector<std::string> fresh;
    for (auto& channel : channels)
      if (channels_.insert(channel).second) fresh.push_back(std::move(channel));
    if (!fresh.empty()) co_await bus_.servers_.there(bus_.follow(std::move(fresh)));
  }

  Task<std::optional<BusMessage>> next() override { return here_->next(); }
  Task<void> add(std::string channel) override {
    co_await here_->add(channel);
    std::vector<std::string> one;
    one.push_back(std::move(channel));
    co_await follow(std::move(one));
  }
  Task<void> remove(std::string channel) override {
    co_await here_->remove(channel);
    if (channels_.erase(channel) == 0) co_return;
    boost::asio::post(bus_.servers_.loop, [&bus = bus_, channel] { bus.leave({channel}); });
  }
  void close() override { here_->close(); }
  std::uint64_t lost() const override { return here_->lost(); }

 private:
  RedisBus& bus_;
  std::unique_ptr<BusListener> here_;
  std::set<std::string> channels_;
};

RedisBus::RedisBus(Servers& servers)
    : servers_(servers),
      prefix_(servers.options().prefix + ":b:"),
      changed_(servers.loop),
      patience_(std::max<std::chrono::milliseconds>(servers.options().deadline, Node::ping_every * 4)) {}

// Waits for the server, so that whoever listens afterwards does not hear it; never for those who listen.
Task<void> RedisBus::say(std::string channel, std::string body) {
  MemoryBus::check_limits(channel, body);
  auto const batch = std::make_shared<Batch>();
  // Not again: whoever has heard it would hear it twice.
  Command& command = batch->commands.emplace_back(Command{.slot = 0, .bytes = {}, .repeatable = false});
  append_command(command.bytes, {"PUBLISH", prefix_ + channel, body});
  batch->take = [](std::size_t, Value&&) {};
  ++servers_.counts.messages_out;
  co_await servers_.call(servers_.verbs.say, batch);
}

Task<std::unique_ptr<BusListener>> RedisBus::listen(std::vector<std::string> channels) {
  auto here = co_await here_.listen(channels);
  auto listener = std::make_unique<RedisListener>(*this, std::move(here));
  co_await listener->follow(std::move(channels));
  co_return listener;
}

std::string RedisBus::subscribe(char const* verb, std::vector<std::string> const& channels) const {
  std::string bytes;
  for (auto const& channel : channels) append_command(bytes, {verb, prefix_ + channel});
  // Answers come as pushes; that of PING after them.
  append_command(bytes, {"PING"});
  return bytes;
}

Task<void> RedisBus::follow(std::vector<std::string> channels) {
  auto const deadline = steady_clock::now() + servers_.options().deadline;
  std::vector<std::string> fresh;
  for (auto const& channel : channels)
    if (++followed_[channel] == 1) fresh.push_back(channel);
  if (!std::exchange(keeping_, true))
    boost::asio::co_spawn(servers_.loop, keep(), [this](std::exception_ptr) { keeping_ = false; });
  // A connection that is made from now on hears all that is followed by then.
  if (connection_) {
    auto const connection = connection_;
    co_await connection->exchange(subscribe("SUBSCRIBE", fresh), 1, [](std::size_t, Value&&) {}, deadline);
    co_return;
  }
  while (!connection_ && !closing_ && steady_clock::now() < deadline) co_await changed_.wait(deadline);
}

void RedisBus::leave(std::vector<std::string> const& channels) {
  std::vector<std::string> left;
  for (auto const& channel : channels) {
    auto const found = followed_.find(channel);
    if (found == followed_.end() || --found->second > 0) continue;
    followed_.erase(found);
    left.push_back(channel);
  }
  if (left.empty() || !connection_) return;
  boost::asio::co_spawn(servers_.loop,
                        connection_->exchange(
                            subscribe("UNSUBSCRIBE", left), 1, [](std::size_t, Value&&) {},
                            steady_clock::now() + servers_.options().deadline),
                        [](std::exception_ptr, Ended const&) {});
}

void RedisBus::close() {
  closing_ = true;
  if (connection_) connection_->close("the engine is stopping");
  changed_.notify();
}

void RedisBus::pushed(Value&& value) {
  if (value.items.size() != 3 || value.items[0].text != "message") return;
  std::string& channel = value.items[1].text;
  if (!channel.starts_with(prefix_)) return;
  ++servers_.counts.messages_in;
  here_.tell({channel.substr(prefix_.size()), std::move(value.items[2].text)});
}

Task<void> RedisBus::keep() {
  auto pause = Breaker::pause_first;
  Breaker jitter;
  for (std::size_t turn = 0; !closing_; ++turn) {
    auto const deadline = steady_clock::now() + patience_;
    std::shared_ptr<Connection> connection;
    try {
      connection = co_await connect(servers_.loop, servers_.place(turn), servers_.reach(), deadline);
    } catch (Error const&) {
      // Another server, or this one later: the commands' own connection tells the operator.
    }
    if (connection) {
      co_await hear(connection);
      pause = Breaker::pause_first;
    }
    if (closing_) break;
    Deadline const again = steady_clock::now() + jitter.jittered(pause);
    pause = std::min(pause * 2, Breaker::pause_max);
    while (!closing_ && steady_clock::now() < again) co_await changed_.wait(again);
  }
}

// Until the connection is lost.
Task<void> RedisBus::hear(std::shared_ptr<Connection> connection) {
  connection->pushed = [this](Value&& value) { pushed(std::move(value)); };
  connection->closed = [this] { changed_.notify(); };
  // What is followed while this is under way is asked for before anybody is told that it is heard.
  for (std::map<std::string, std::size_t> heard; connection->open() && !closing_;) {
    std::vector<std::string> fresh;
    for (auto const& [channel, count] : followed_)
      if (heard.emplace(channel, count).second) fresh.push_back(channel);
    if (fresh.empty() && !heard.empty()) break;
    Ended const ended = co_await connection->exchange(
        subscribe("SUBSCRIBE", fresh), 1, [](std::size_t, Value&&) {}, steady_clock::now() + patience_);
    if (!ended.whole) connection->close(ended.why);
    if (followed_.empty()) break;
  }
  if (!connection->open()) co_return;
  connection_ = connection;
  ++servers_.counts.connections;
  changed_.notify();
  std::string const ping = subscribe("", {});
  while (connection->open() && !closing_) {
    Deadline const next = steady_clock::now() + Node::ping_every;
    while (connection->open() && !closing_ && steady_clock::now() < next) co_await changed_.wait(next);
    if (!connection->open() || closing_) break;
    Ended const pong =
        co_await connection->exchange(ping, 1, [](std::size_t, Value&&) {}, steady_clock::now() + patience_);
    if (!pong.whole) connection->close("it does not answer");
  }
  connection->close("the engine is stopping");
  connection_ = nullptr;
  --servers_.counts.connections;
  ++servers_.counts.lost;
}

}  // namespace kith::redis
