#include <gtest/gtest.h>

#include <thread>

#include "base/run.h"
#include "ports/cache/contract.h"
#include "ports/cache/memory.h"
#include "ports/clock/fake.h"

namespace kith {
namespace {

using namespace std::chrono_literals;

std::vector<contract::CacheEngine> engines() {
  std::vector<contract::CacheEngine> all;
  for (auto const& [name, eviction] :
       {std::pair{"lru", Eviction::lru}, {"lfu", Eviction::lfu}, {"sliding_window", Eviction::sliding_window}})
    all.push_back({name, [eviction](Clock const& clock) {
                     return std::make_shared<MemoryCache>(clock, MemoryCache::Limits{.eviction = eviction});
                   }});
#ifdef KITH_REDIS
  for (auto& engine : contract::redis_caches()) all.push_back(std::move(engine));
#endif
  return all;
}

class CacheContract : public testing::TestWithParam<contract::CacheEngine> {
 protected:
  FakeClock clock_;
  std::shared_ptr<Cache> cache_ = GetParam().fresh(clock_);

  std::string get(std::string key) {
    auto const found = run(cache_->get(std::move(key)));
    return found ? *found->value : "nothing";
  }
  bool set(std::string key, std::string value, CacheVersion version, Duration ttl = 1h) {
    return run(cache_->set(std::move(key), std::move(value), version, ttl));
  }
  void invalidate(std::string key, CacheVersion version) { run(cache_->invalidate(std::move(key), version)); }
  Counted count(std::string key, std::uint64_t amount, Duration window = 8min) {
    return run(cache_->count(std::move(key), amount, window));
  }
};

TEST_P(CacheContract, WhatWasSetIsThereUnderItsKeyAlone) {
  EXPECT_TRUE(set("a", "1", 7));
  EXPECT_TRUE(set("ab", "", 7));
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("ab"), "");
  EXPECT_EQ(get(""), "nothing");
  EXPECT_EQ(get("b"), "nothing");
  EXPECT_EQ(run(cache_->get("a"))->version, 7);
}

TEST_P(CacheContract, ManyComeInTheOrderOfTheirKeys) {
  set("a", "1", 1);
  set("c", "3", 1);
  auto const found = run(cache_->get_many({"c", "b", "a"}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(*found[0]->value, "3");
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(*found[2]->value, "1");
}

TEST_P(CacheContract, AnOlderVersionIsRefusedTheSameAndNewerAreTaken) {
  EXPECT_TRUE(set("a", "5", 5));
  EXPECT_FALSE(set("a", "4", 4));
  EXPECT_EQ(get("a"), "5");
  EXPECT_TRUE(set("a", "5 again", 5));
  EXPECT_TRUE(set("a", "6", 6));
  EXPECT_EQ(get("a"), "6");
}

// A reader loads version 4; the writer commits 5 and invalidates; then the reader sets what it loaded.
TEST_P(CacheContract, ASlowReaderDoesNotBringBackWhatWasInvalidated) {
  set("a", "4", 4);
  invalidate("a", 5);
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_FALSE(set("a", "4", 4));
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_TRUE(set("a", "5", 5));
  EXPECT_EQ(get("a"), "5");
  invalidate("never seen", 5);
  EXPECT_FALSE(set("never seen", "4", 4));
}

TEST_P(CacheContract, ALateInvalidationLeavesWhatIsNewer) {
  set("a", "6", 6);
  invalidate("a", 5);
  invalidate("a", 6);
  EXPECT_EQ(get("a"), "6");
  invalidate("a", 9);
  invalidate("a", 7);
  EXPECT_FALSE(set("a", "8", 8));
}

TEST_P(CacheContract, AValueLivesItsTimeAndNoLonger) {
  set("a", "1", 1, 10s);
  clock_.advance(9s);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(run(cache_->get("a"))->left, Duration(1s));
  clock_.advance(1s);
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_FALSE(set("b", "1", 1, 0s));
}

TEST_P(CacheContract, LimitsAreExact) {
  EXPECT_TRUE(set(std::string(cache_key_bytes_max, 'k'), "1", 1));
  EXPECT_FALSE(set(std::string(cache_key_bytes_max + 1, 'k'), "1", 1));
  EXPECT_TRUE(set("large", std::string(cache_value_bytes_max, 'v'), 1));
  EXPECT_EQ(get("large").size(), cache_value_bytes_max);
  EXPECT_FALSE(set("large", std::string(cache_value_bytes_max + 1, 'v'), 2));
}

TEST_P(CacheContract, EveryByteIsAllowed) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_TRUE(set(all, all + all, 1));
  EXPECT_EQ(get(all), all + all);
}

TEST_P(CacheContract, CountsWithinASlidingWindow) {
  EXPECT_EQ(count("logins", 0).count, 0u);
  EXPECT_EQ(count("logins", 1).count, 1u);
  clock_.advance(4min);
  EXPECT_EQ(count("logins", 2).count, 3u);
  EXPECT_EQ(count("others", 1).count, 1u);
  clock_.advance(4min);  // the window is over for the first, plus an eighth
  EXPECT_EQ(count("logins", 0).count, 3u);
  clock_.advance(1min);
  EXPECT_EQ(count("logins", 0).count, 2u);
  clock_.advance(4min);
  EXPECT_EQ(count("logins", 0).count, 0u);
  EXPECT_EQ(count("logins", 1).count, 1u);
}

TEST_P(CacheContract, TellsWhenACountComesDown) {
  count("a", 1);
  clock_.advance(3min);
  Counted const counted = count("a", 1);
  clock_.advance(counted.more_in);
  EXPECT_EQ(count("a", 0).count, 1u);
  clock_.advance(counted.resets_in - counted.more_in);
  EXPECT_EQ(count("a", 0).count, 0u);
  EXPECT_GE(counted.more_in, Duration(5min));
  EXPECT_LE(counted.resets_in, Duration(9min));
}

TEST_P(CacheContract, ACountCanBeForgiven) {
  count("a", 5);
  run(cache_->reset_count("a"));
  run(cache_->reset_count("never counted"));
  EXPECT_EQ(count("a", 1).count, 1u);
}

TEST_P(CacheContract, ServesManyThreads) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([this] {
        for (int step = 0; step < 200; ++step) {
          std::string const key = "k" + std::to_string(step % 50);
          set(key, key, step);
          std::string const found = get(key);
          ASSERT_TRUE(found == key || found == "nothing");
          if (step % 7 == 0) invalidate(key, step);
          count("all", 1);
        }
      });
  }
  EXPECT_EQ(count("all", 0).count, 800u);
}

INSTANTIATE_TEST_SUITE_P(Engines, CacheContract, testing::ValuesIn(engines()),
                         [](auto const& engine) { return engine.param.name; });

// What is kept near an engine that others change, too.
TEST(MemoryCache, ForgetsValuesButNotWhatWasInvalidated) {
  FakeClock clock;
  MemoryCache cache(clock, {});
  run(cache.set("a", "1", 1, 1h));
  run(cache.set("b", "1", 1, 1h));
  cache.forget("a");
  EXPECT_FALSE(run(cache.get("a")));
  EXPECT_TRUE(run(cache.get("b")));
  run(cache.invalidate("a", 5));
  cache.forget("a");
  EXPECT_TRUE(cache.outdated("a", 4));
  EXPECT_FALSE(cache.outdated("a", 5));
  EXPECT_FALSE(cache.outdated("b", 1));
  cache.forget_values();
  EXPECT_FALSE(run(cache.get("b")));
  EXPECT_TRUE(cache.outdated("a", 4));
  clock.advance(10min);
  EXPECT_FALSE(cache.outdated("a", 4));
}

class Evicting : public testing::Test {
 protected:
  FakeClock clock_;

  // Room for about a hundred entries of 1,000 bytes.
  MemoryCache cache(Eviction eviction) {
    return {clock_, {.bytes_max = 125'000, .counters_max = 100, .eviction = eviction, .window = 10min, .shards = 1}};
  }
  static void fill(Cache& cache, std::string prefix, int from, int to) {
    for (int i = from; i < to; ++i)
      run(cache.set(prefix + std::to_string(i), std::string(1'000, 'v'), 1, std::chrono::hours{1}));
  }
  static int present(Cache& cache, std::string prefix, int from, int to) {
    int found = 0;
    for (int i = from; i < to; ++i) found += run(cache.get(prefix + std::to_string(i))).has_value();
    return found;
  }
};

TEST_F(Evicting, BytesAreBounded) {
  for (Eviction eviction : {Eviction::lru, Eviction::lfu, Eviction::sliding_window}) {
    auto cache = this->cache(eviction);
    fill(cache, "a", 0, 300);
    for (int i = 0; i < 600; ++i) run(cache.invalidate("b" + std::to_string(i), 1));
    EXPECT_LE(cache.usage().bytes, 125'000u);
    EXPECT_GE(cache.usage().bytes, 100'000u);
    EXPECT_FALSE(run(cache.set("huge", std::string(60'000, 'v'), 1, 1h)));
  }
}

TEST_F(Evicting, LruKeepsWhatWasReadLast) {
  auto cache = this->cache(Eviction::lru);
  fill(cache, "a", 0, 80);
  EXPECT_EQ(present(cache, "a", 0, 40), 40);
  fill(cache, "b", 0, 40);
  EXPECT_EQ(present(cache, "a", 0, 40), 40);
  EXPECT_LT(present(cache, "a", 40, 80), 25);
}

TEST_F(Evicting, LfuKeepsWhatIsReadOftenThroughAScan) {
  auto cache = this->cache(Eviction::lfu);
  fill(cache, "a", 0, 40);
  for (int round = 0; round < 5; ++round) present(cache, "a", 0, 40);
  fill(cache, "scan", 0, 1'000);
  EXPECT_EQ(present(cache, "a", 0, 40), 40);
  EXPECT_EQ(present(cache, "scan", 999, 1'000), 1);  // the newest has its chance
}

TEST_F(Evicting, LfuForgetsFameOfLongAgo) {
  auto cache = this->cache(Eviction::lfu);
  fill(cache, "old", 0, 80);
  for (int round = 0; round < 20; ++round) present(cache, "old", 0, 80);
  for (int hour = 0; hour < 10; ++hour) {
    clock_.advance(5min);
    fill(cache, "new", 0, 90);
    for (int round = 0; round < 4; ++round) present(cache, "new", 0, 90);
  }
  EXPECT_GT(present(cache, "new", 0, 90), 70);
}

TEST_F(Evicting, SlidingWindowDropsWhatIsNotRead) {
  auto cache = this->cache(Eviction::sliding_window);
  fill(cache, "a", 0, 2);
  for (int step = 0; step < 3; ++step) {
    clock_.advance(6min);
    EXPECT_EQ(present(cache, "a", 0, 1), 1);
  }
  EXPECT_EQ(present(cache, "a", 1, 2), 0);
}

TEST_F(Evicting, CountersAreBoundedAndTheIdleLeaveFirst) {
  auto cache = this->cache(Eviction::lru);
  for (int i = 0; i < 1'000; ++i) {
    run(cache.count("flood" + std::to_string(i), 1, 5min));
    run(cache.count("steady", 1, 5min));
  }
  EXPECT_EQ(cache.usage().counters, 100u);
  EXPECT_EQ(run(cache.count("steady", 0, 5min)).count, 1'000u);
}

}  // namespace
}  // namespace kith
