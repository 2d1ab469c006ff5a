#pragma once

// The bus on Redis servers: one connection that hears for everybody in this process what they listen to, made
// when the first of them does. What a process says goes over one server, so that all its messages keep their order.

#include <map>

#include "ports/bus/bus.h"
#include "ports/bus/memory.h"
#include "ports/cache/redis/servers.h"

namespace kith::redis {

class RedisBus final : public Bus {
 public:
  explicit RedisBus(Servers& servers);

  Task<void> say(std::string channel, std::string body) override;
  Task<std::unique_ptr<BusListener>> listen(std::vector<std::string> channels) override;

  // On the loop, before it ends.
  void close();

 private:
  friend class RedisListener;

  // Returns when it is heard, or the deadline is past.
  Task<void> follow(std::vector<std::string> channels);
  void leave(std::vector<std::string> const& channels);
  Task<void> keep();
  Task<void> hear(std::shared_ptr<Connection> connection);
  void pushed(Value&& value);
  std::string subscribe(char const* verb, std::vector<std::string> const& channels) const;

  Servers& servers_;
  std::string const prefix_;
  MemoryBus here_;

  // On the loop.
  std::map<std::string, std::size_t> followed_;  // by how many
  std::shared_ptr<Connection> connection_;
  Signal changed_;
  std::chrono::milliseconds const patience_;  // with a server that says nothing
  bool keeping_ = false, closing_ = false;
};

}  // namespace kith::redis
