#pragma once

// For tests: real servers of this program's own, and settings that keep one test's keys from another's.

#include <cstdio>

#include "base/error.h"
#include "base/run.h"
#include "ports/cache/redis/address.h"
#include "ports/cache/redis/connection.h"
#include "ports/cache/redis/redis.h"
#include "ports/table/contract_server.h"

namespace kith::contract {

inline bool redis_is_here() {
  bool const here = engine_is_tried({"/usr/bin/redis-server"});
  if (!here) std::puts("Redis is not installed, so its engine is not tried here: ./dev engines up redis");
  return here;
}

// Started by the first who asks.
inline OwnServer& own_redis() {
  static OwnServer server("redis");
  return server;
}
inline OwnServer& own_redis_cluster() {
  static OwnServer server("redis_cluster");
  return server;
}

inline RedisOptions redis_options() {
  static int made = 0;
  RedisOptions options{.servers = {own_redis().said("REDIS")},
                       .password_file = own_redis().said("REDIS_PASSWORD_FILE")};
  options.prefix = "test" + std::to_string(++made);
  options.deadline = std::chrono::seconds{30};  // on a busy machine, too
  return options;
}
// The first names the others.
inline RedisOptions redis_cluster_options() {
  RedisOptions options = redis_options();
  std::string const& servers = own_redis_cluster().said("REDIS_CLUSTER");
  options.servers = {servers.substr(0, servers.find(','))};
  options.password_file = own_redis_cluster().said("REDIS_CLUSTER_PASSWORD_FILE");
  return options;
}

inline Task<redis::Value> asked(redis::Place place, std::string password_file, std::string command) {
  auto const loop = co_await boost::asio::this_coro::executor;
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  redis::Reach const reach{.tls = false, .user = {}, .password_file = std::move(password_file), .context = {}};
  auto const connection = co_await redis::connect(loop, place, reach, deadline);
  auto const answer = std::make_shared<redis::Value>();
  co_await connection->exchange(
      std::move(command), 1, [answer](std::size_t, redis::Value&& value) { *answer = std::move(value); }, deadline);
  connection->close("asked");
  co_return std::move(*answer);
}
// One command, by hand.
inline redis::Value ask_redis(std::string const& server, std::string const& password_file,
                              std::initializer_list<std::string_view> words) {
  std::string command;
  redis::append_command(command, words);
  return run(asked(redis::read_address(server).place, password_file, std::move(command)));
}

}  // namespace kith::contract
