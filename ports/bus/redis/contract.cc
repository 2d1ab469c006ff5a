#include "ports/bus/contract.h"
#include "ports/cache/redis/test_world.h"
#include "ports/clock/system.h"

namespace kith::contract {
namespace {

SystemClock const& real_time() {
  static SystemClock const clock;
  return clock;
}

// Said by one process, heard by another.
class BusApart final : public Bus {
 public:
  explicit BusApart(RedisOptions const& options) : here_(real_time(), options), there_(real_time(), options) {}

  Task<void> say(std::string channel, std::string body) override {
    return here_.bus().say(std::move(channel), std::move(body));
  }
  Task<std::unique_ptr<BusListener>> listen(std::vector<std::string> channels) override {
    return there_.bus().listen(std::move(channels));
  }

 private:
  RedisStore here_, there_;
};

}  // namespace

std::vector<BusEngine> redis_buses() {
  if (!redis_is_here()) return {};
  return {{"redis",
           [] {
             auto const store = std::make_shared<RedisStore>(real_time(), redis_options());
             return std::shared_ptr<Bus>(store, &store->bus());
           }},
          {"redis_apart", [] { return std::make_shared<BusApart>(redis_options()); }},
          {"redis_cluster", [] { return std::make_shared<BusApart>(redis_cluster_options()); }}};
}

}  // namespace kith::contract
