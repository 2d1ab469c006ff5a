#include "ports/cache/redis/redis.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "base/run.h"
#include "ports/bus/redis/bus.h"
#include "ports/cache/redis/cache.h"

namespace kith {

struct RedisStore::Parts {
  Parts(Clock const& clock, RedisOptions const& options)
      : servers(loop.get_executor(), options), cache(clock, servers), bus(servers) {
    thread = std::thread([this] { loop.run(); });
    try {
      run(servers.there(servers.open()));
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Parts() { stop(); }

  // Whoever waits for an answer learns that none will come; then the loop has nothing left and ends.
  void stop() {
    if (!thread.joinable()) return;
    boost::asio::post(loop, [this] {
      bus.close();
      servers.close();
    });
    guard.reset();
    thread.join();
  }

  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{loop.get_executor()};
  redis::Servers servers;
  redis::RedisCache cache;
  redis::RedisBus bus;
  std::thread thread;
};

RedisStore::RedisStore(Clock const& clock, RedisOptions options) : parts_(std::make_unique<Parts>(clock, options)) {}
RedisStore::~RedisStore() = default;

void RedisStore::observe(Metrics& metrics) {
  redis::Verbs& verbs = parts_->servers.verbs;
  for (redis::Verb* const verb : {&verbs.get, &verbs.set, &verbs.invalidate, &verbs.count, &verbs.say})
    verb->numbers.emplace(metrics, "kith_engine", "Calls of engines",
                          Metrics::Labels{{"engine", "redis"}, {"verb", verb->name}});
}

Cache& RedisStore::cache() { return parts_->cache; }
Bus& RedisStore::bus() { return parts_->bus; }

RedisStats RedisStore::stats() const {
  redis::Counts const& counts = parts_->servers.counts;
  return {.reads = counts.reads,
          .found = counts.found,
          .near_found = counts.near_found,
          .writes = counts.writes,
          .refused_older = counts.refused_older,
          .counts = counts.counts,
          .messages_out = counts.messages_out,
          .messages_in = counts.messages_in,
          .invalidations = counts.invalidations,
          .invalidations_lost = counts.invalidations_lost,
          .unanswered = counts.unanswered,
          .retries = counts.retries,
          .redirects = counts.redirects,
          .lost = counts.lost,
          .refused = counts.refused,
          .connections = counts.connections,
          .under_way = counts.under_way,
          .invalidations_owed = counts.owed,
          .near_bytes = parts_->cache.near_bytes()};
}

}  // namespace kith
