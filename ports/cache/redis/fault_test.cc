// What is handed out when servers, or the lines to them, fail; and what other processes change meanwhile.

#include <gtest/gtest.h>

#include <optional>
#include <span>

#include "base/kept_spans_for_tests.h"
#include "base/traced.h"
#include "ports/cache/redis/slots.h"
#include "ports/cache/redis/test_world.h"
#include "ports/clock/system.h"
#include "ports/table/contract_proxy.h"

namespace kith {
namespace {

using namespace std::chrono_literals;
using contract::Proxy;

Task<void> work(RedisStore& store) {
  co_await store.cache().set("a", "1", 1, 1h);
  std::vector<std::string> const keys{"a", "b"};
  co_await store.cache().get_many(keys);
  co_await store.cache().count("guesses", 1, 1h);
  co_await store.cache().invalidate("a", 2);
  co_await store.bus().say("news", "a");
}
Task<void> request(RedisStore& store, Tracer& tracer) {
  Span const span(&tracer, {{1, 2}, 3, true}, SpanKind::server, "request");
  Task<void> asking = work(store);
  co_await under(span, std::move(asking));
}

class RedisFault : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!contract::redis_is_here()) GTEST_SKIP();
  }
  RedisFault() {
    options.deadline = 2s;
    near.emplace(clock, through_proxy());
    other.emplace(clock, options);
  }

  RedisOptions through_proxy() const {
    RedisOptions proxied = options;
    std::string& server = proxied.servers.front();
    server.replace(server.rfind(':') + 1, std::string::npos, proxy.port());
    return proxied;
  }
  static bool set(RedisStore& store, std::string key, std::string value, CacheVersion version) {
    return run(store.cache().set(std::move(key), std::move(value), version, 1h));
  }
  static std::string get(RedisStore& store, std::string key) {
    auto const found = run(store.cache().get(std::move(key)));
    return found ? *found->value : "nothing";
  }
  // Until it is so, or for so long that it never will be.
  template <class Condition>
  bool becomes(Condition condition) {
    for (int i = 0; i < 3'000; ++i) {
      if (condition()) return true;
      run(clock.sleep(10ms));
    }
    return false;
  }
  void ask(std::initializer_list<std::string_view> words) {
    EXPECT_FALSE(
        contract::ask_redis(options.servers.front(), options.password_file, words).is(redis::Value::Kind::error));
  }
  // It lies near `near` afterwards.
  void read_twice(std::string const& key, std::string const& value) {
    auto const before = near->stats().near_found;
    EXPECT_TRUE(becomes([&] {
      EXPECT_EQ(get(*near, key), value);
      return near->stats().near_found > before;
    }));
  }

  SystemClock clock;
  RedisOptions options = contract::redis_options();
  Proxy proxy{std::to_string(redis::read_address(options.servers.front()).place.port)};
  std::optional<RedisStore> near;   // over the line that can be cut
  std::optional<RedisStore> other;  // another process
};

TEST_F(RedisFault, WhatAnotherProcessReplacesIsNoLongerNear) {
  set(*other, "a", "1", 1);
  read_twice("a", "1");
  set(*other, "a", "2", 2);
  EXPECT_TRUE(becomes([&] { return get(*near, "a") == "2"; }));
  read_twice("a", "2");
  run(other->cache().invalidate("a", 3));
  EXPECT_TRUE(becomes([&] { return get(*near, "a") == "nothing"; }));
  EXPECT_GE(near->stats().invalidations, 2u);
  set(*other, "b", "1", 1);
  read_twice("b", "1");
  ask({"FLUSHALL"});
  EXPECT_TRUE(becomes([&] { return get(*near, "b") == "nothing"; }));
}

// The servers cannot say what changes, and nothing says that they cannot.
TEST_F(RedisFault, CopiesAreNotTrustedWhileNothingIsHeard) {
  set(*other, "a", "1", 1);
  read_twice("a", "1");
  proxy.silent(true);
  set(*other, "a", "2", 2);
  EXPECT_TRUE(becomes([&] { return get(*near, "a") == "nothing"; }));
  proxy.silent(false);
  EXPECT_TRUE(becomes([&] {
    std::string const found = get(*near, "a");
    EXPECT_NE(found, "1");
    return found == "2";
  }));
}

TEST_F(RedisFault, WhatChangedWhileTheLineWasCutIsNotHandedOutAfterwards) {
  set(*other, "a", "1", 1);
  read_twice("a", "1");
  proxy.cut(Proxy::Cut::before, "PING");
  EXPECT_TRUE(becomes([&] { return proxy.has_cut(); }));
  set(*other, "a", "2", 2);
  EXPECT_TRUE(becomes([&] { return get(*near, "a") == "2"; }));
  read_twice("a", "2");
  EXPECT_GE(near->stats().lost, 1u);
}

TEST_F(RedisFault, InvalidationThatCouldNotBeToldIsMadeUpFor) {
  set(*other, "a", "4", 4);
  proxy.silent(true);
  run(near->cache().invalidate("a", 5));
  EXPECT_EQ(near->stats().invalidations_owed, 1);
  EXPECT_EQ(get(*near, "a"), "nothing");
  EXPECT_EQ(get(*other, "a"), "4") << "nobody could tell";
  proxy.silent(false);
  EXPECT_TRUE(becomes([&] {
    EXPECT_EQ(get(*near, "a"), "nothing");
    return get(*other, "a") == "nothing";
  }));
  EXPECT_FALSE(set(*other, "a", "4", 4));
  EXPECT_TRUE(becomes([&] { return near->stats().invalidations_owed == 0; }));
}

TEST_F(RedisFault, CallsAreSpansOfWhoAsksAndCounted) {
  Metrics metrics;
  KeptSpans kept;
  RedisStore store(clock, options);
  store.observe(metrics);
  run(request(store, kept));
  ASSERT_EQ(kept.spans.size(), 6u);
  std::vector<std::string> names;
  for (FinishedSpan const& span : std::span(kept.spans).first(5)) {
    names.push_back(span.name);
    EXPECT_EQ(span.kind, SpanKind::client);
    EXPECT_EQ(span.parent, kept.spans[5].id);
    EXPECT_EQ(span.failure, "");
  }
  EXPECT_EQ(names, (std::vector<std::string>{"set", "get", "count", "invalidate", "say"}));
  auto const told = [&](std::string const& line) {
    auto const text = metrics.text();
    return text.find(line) != std::string::npos;
  };
  for (std::string const& verb : names) {
    EXPECT_TRUE(told("kith_engine_total{engine=\"redis\",outcome=\"ok\",verb=\"" + verb + "\"} 1\n")) << verb;
    EXPECT_TRUE(told("kith_engine_seconds_count{engine=\"redis\",verb=\"" + verb + "\"} 1\n")) << verb;
  }
  run(work(store));  // nobody's
  EXPECT_EQ(kept.spans.size(), 6u);
  near->observe(metrics);  // whose line is cut: what is not answered has failed, although nobody is told
  proxy.silent(true);
  run(near->cache().count("guesses", 1, 1h));
  EXPECT_FALSE(told("kith_engine_total{engine=\"redis\",outcome=\"failed\",verb=\"count\"} 0\n"));
}

TEST_F(RedisFault, WithoutServersThereIsNothingAndCountsAreThoseOfThisProcess) {
  set(*near, "a", "1", 1);
  EXPECT_EQ(run(near->cache().count("guesses", 2, 1h)).count, 2u);
  EXPECT_EQ(run(other->cache().count("guesses", 1, 1h)).count, 3u);
  proxy.silent(true);
  EXPECT_TRUE(becomes([&] {
    EXPECT_EQ(get(*near, "b"), "nothing");
    return near->stats().refused > 0;
  })) << "nobody waits for what is not there";
  EXPECT_FALSE(set(*near, "a", "2", 2));
  Counted const alone = run(near->cache().count("guesses", 1, 1h));
  EXPECT_EQ(alone.count, 3u) << "what it counted itself";
  EXPECT_TRUE(alone.alone);
  run(near->cache().reset_count("others"));
  proxy.silent(false);
  EXPECT_TRUE(becomes([&] { return set(*near, "a", "3", 3); }));
  EXPECT_EQ(get(*near, "a"), "3");
  EXPECT_FALSE(run(near->cache().count("guesses", 0, 1h)).alone);
}

TEST_F(RedisFault, AnswersThatComeTooLateAreNobodys) {
  set(*other, "a", "1", 1);
  set(*other, "b", "2", 1);
  RedisOptions hasty = options;
  hasty.deadline = 20ms;
  RedisStore store(clock, hasty);
  EXPECT_TRUE(becomes([&] { return get(store, "b") == "2"; }));
  ask({"CLIENT", "PAUSE", "500", "ALL"});
  EXPECT_EQ(get(store, "a"), "nothing");
  EXPECT_FALSE(set(store, "a", "3", 3));
  EXPECT_GE(store.stats().unanswered, 2u);
  EXPECT_TRUE(becomes([&] { return get(store, "a") == "3"; })) << "it was done, only late";
}

TEST_F(RedisFault, ServerThatCameBackIsUsedAgain) {
  set(*near, "a", "1", 1);
  auto const listener = run(near->bus().listen({"news"}));
  contract::own_redis().crash();
  EXPECT_TRUE(becomes([&] { return set(*near, "b", "2", 2); }));
  EXPECT_EQ(get(*near, "b"), "2");
  EXPECT_EQ(get(*near, "a"), "nothing") << "it keeps nothing on disk";
  // The listener hears again, of its own accord.
  std::uint64_t const heard = near->stats().messages_in;
  EXPECT_TRUE(becomes([&] {
    run(other->bus().say("news", "again"));
    return near->stats().messages_in > heard;
  }));
  EXPECT_EQ(run(listener->next())->body, "again");
}

TEST_F(RedisFault, ScriptsThatTheServerForgotAreMadeKnownAgain) {
  set(*near, "a", "1", 1);
  ask({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(set(*near, "a", "2", 2));
  EXPECT_FALSE(set(*near, "a", "1", 1));
  EXPECT_EQ(run(near->cache().count("guesses", 1, 1h)).count, 1u);
}

TEST_F(RedisFault, WhatLiesNearIsBoundedInBytes) {
  RedisOptions small = options;
  small.near.bytes_max = 1 << 20;
  RedisStore store(clock, small);
  for (int i = 0; i < 100; ++i) {
    std::string const key = "k" + std::to_string(i);
    set(*other, key, std::string(15'000, 'v'), 1);
    EXPECT_EQ(get(store, key).size(), 15'000u);
  }
  EXPECT_LE(store.stats().near_bytes, std::size_t{1} << 20);
  EXPECT_GT(store.stats().near_bytes, std::size_t{1} << 19);
}

// A key whose slot moves is found where it is, before, while and after it moves.
TEST(RedisCluster, SlotsThatMoveAreFollowed) {
  if (!contract::redis_is_here()) GTEST_SKIP();
  SystemClock clock;
  RedisOptions const options = contract::redis_cluster_options();
  std::vector<std::string> servers, names;
  std::stringstream list(contract::own_redis_cluster().said("REDIS_CLUSTER"));
  for (std::string server; std::getline(list, server, ',');) servers.push_back(server);
  ASSERT_EQ(servers.size(), 3u);
  auto const ask = [&](std::size_t at, std::initializer_list<std::string_view> words) {
    auto answer = contract::ask_redis(servers[at], options.password_file, words);
    EXPECT_FALSE(answer.is(redis::Value::Kind::error)) << answer.text;
    return answer;
  };
  for (std::size_t i = 0; i < 3; ++i) names.push_back(ask(i, {"CLUSTER", "MYID"}).text);

  RedisStore store(clock, options);
  auto const set = [&](CacheVersion version) {
    return run(store.cache().set("a", std::to_string(version), version, 1h));
  };
  auto const get = [&] {
    auto const found = run(store.cache().get("a"));
    return found ? *found->value : "nothing";
  };
  EXPECT_TRUE(set(1));
  // Asked for by hand, the server that has the slot does not send one elsewhere.
  std::string const key = options.prefix + ":c:a";
  std::string const slot = std::to_string(redis::slot_of(key));
  std::size_t from = 0;
  while (contract::ask_redis(servers[from], options.password_file, {"GET", key}).fails("MOVED")) ++from;
  std::size_t const to = (from + 1) % 3;
  ask(from, {"DEL", key});
  ask(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", names[from]});
  ask(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", names[to]});
  EXPECT_TRUE(set(2));
  EXPECT_EQ(get(), "2") << "it is already there";
  EXPECT_GE(store.stats().redirects, 2u);
  for (std::size_t const at : {to, from, 3 - to - from}) ask(at, {"CLUSTER", "SETSLOT", slot, "NODE", names[to]});
  EXPECT_EQ(get(), "2");
  EXPECT_TRUE(set(3));
  EXPECT_FALSE(set(2));
  EXPECT_EQ(get(), "3");
  EXPECT_EQ(store.stats().unanswered, 0u);
}

}  // namespace
}  // namespace kith
