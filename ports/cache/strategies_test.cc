#include "ports/cache/strategies.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "base/run.h"
#include "ports/cache/memory.h"
#include "ports/clock/fake.h"

namespace kith {
namespace {

using namespace std::chrono_literals;

// Where values really are, counting how often it is asked.
struct Truth {
  std::map<std::string, Loaded> rows;
  int loads = 0;
  bool away = false;

  CacheLoad load() {
    return [this](std::string key) { return read(std::move(key)); };
  }
  Task<std::optional<Loaded>> read(std::string key) {
    ++loads;
    if (away) throw Error{Code::unavailable, "Storage is not available"};
    auto const found = rows.find(key);
    co_return found == rows.end() ? std::nullopt : std::optional(found->second);
  }
  Task<CacheVersion> write(std::string key, std::string value) {
    if (away) throw Error{Code::unavailable, "Storage is not available"};
    Loaded& row = rows[key];
    row = {std::move(value), row.version + 1};
    co_return row.version;
  }
  Task<void> write_many(std::vector<WriteBehind::Waiting> batch) {
    ++batches;
    if (away) throw Error{Code::unavailable, "Storage is not available"};
    for (auto& one : batch) rows[one.key] = {one.value, one.version};
    co_return;
  }
  int batches = 0;
};

class Strategies : public testing::Test {
 protected:
  FakeClock clock_;
  MemoryCache cache_{clock_, {}};
  Truth truth_;
};

TEST_F(Strategies, CacheAsideLoadsOnceAndNeverKeepsNothing) {
  CacheAside cards(cache_, 1h, truth_.load());
  truth_.rows["card:1"] = {"ada", 3};
  EXPECT_EQ(*run(cards.get("card:1"))->value, "ada");
  EXPECT_EQ(*run(cards.get("card:1"))->value, "ada");
  EXPECT_EQ(truth_.loads, 1);
  EXPECT_FALSE(run(cards.get("card:2")));
  truth_.rows["card:2"] = {"bob", 1};
  EXPECT_TRUE(run(cards.get("card:2")));
}

TEST_F(Strategies, CacheAsideAnswersWhatItLoadedAlsoWhenTheCacheRefusesIt) {
  CacheAside cards(cache_, 1h, truth_.load());
  truth_.rows["card:1"] = {"ada", 3};
  run(cache_.invalidate("card:1", 4));
  EXPECT_EQ(*run(cards.get("card:1"))->value, "ada");
  EXPECT_FALSE(run(cache_.get("card:1")));
}

TEST_F(Strategies, RefreshAheadLoadsBesideTheAnswerInTheLastQuarter) {
  RefreshAhead trends(cache_, 100s, truth_.load());
  truth_.rows["trends"] = {"old", 1};
  run(trends.get("trends"));
  truth_.rows["trends"] = {"new", 2};
  clock_.advance(70s);
  EXPECT_EQ(*run(trends.get("trends"))->value, "old");
  EXPECT_EQ(truth_.loads, 1);
  clock_.advance(10s);
  EXPECT_EQ(*run(trends.get("trends"))->value, "old");
  EXPECT_EQ(truth_.loads, 2);
  EXPECT_EQ(*run(trends.get("trends"))->value, "new");
  clock_.advance(80s);
  truth_.away = true;
  EXPECT_EQ(*run(trends.get("trends"))->value, "new");  // its refresh failed, which is nobody's error
  truth_.away = false;
  EXPECT_EQ(*run(trends.get("trends"))->value, "new");
  run(trends.finish());
}

TEST_F(Strategies, RefreshAheadCanBeFinished) {
  RefreshAhead trends(cache_, 100s, [this](std::string key) -> Task<std::optional<Loaded>> {
    return [](FakeClock& clock, Truth& truth, std::string key) -> Task<std::optional<Loaded>> {
      if (truth.loads > 0) co_await clock.sleep(std::chrono::seconds{5});
      co_return co_await truth.read(key);
    }(clock_, truth_, std::move(key));
  });
  truth_.rows["trends"] = {"old", 1};
  boost::asio::io_context loop(1);
  bool finished = false;
  boost::asio::co_spawn(
      loop,
      [](RefreshAhead& trends, FakeClock& clock) -> Task<void> {
        co_await trends.get("trends");
        clock.advance(std::chrono::seconds{90});
        co_await trends.get("trends");
        co_await trends.finish();
      }(trends, clock_),
      [&](std::exception_ptr) { finished = true; });
  loop.poll();
  EXPECT_FALSE(finished);
  clock_.advance(5s);
  loop.restart();
  loop.poll();
  EXPECT_TRUE(finished);
  EXPECT_EQ(truth_.loads, 2);
}

TEST_F(Strategies, WriteThroughStoresFirst) {
  WriteThrough cards(cache_, 1h, [this](std::string key, std::string value) {
    return truth_.write(std::move(key), std::move(value));
  });
  run(cards.put("card:1", "ada"));
  EXPECT_EQ(*run(cache_.get("card:1"))->value, "ada");
  truth_.away = true;
  EXPECT_THROW(run(cards.put("card:1", "eve")), Error);
  EXPECT_EQ(*run(cache_.get("card:1"))->value, "ada");
}

TEST_F(Strategies, WriteBehindStoresTheNewestTogetherAndLater) {
  WriteBehind seen(cache_, 1h, [this](auto batch) { return truth_.write_many(std::move(batch)); },
                   {.waiting_max = 3, .batch_max = 2});
  run(seen.put("seen:1", "monday", 1));
  run(seen.put("seen:1", "tuesday", 2));
  run(seen.put("seen:2", "monday", 1));
  EXPECT_EQ(*run(cache_.get("seen:1"))->value, "tuesday");
  EXPECT_TRUE(truth_.rows.empty());
  truth_.away = true;
  EXPECT_THROW(run(seen.flush()), Error);
  EXPECT_EQ(seen.waiting(), 2u);
  truth_.away = false;
  run(seen.put("seen:3", "monday", 1));
  run(seen.put("seen:4", "monday", 1));
  EXPECT_EQ(seen.lost(), 1u);
  run(seen.flush());
  EXPECT_EQ(seen.waiting(), 0u);
  EXPECT_EQ(truth_.rows.size(), 3u);
  EXPECT_EQ(truth_.rows["seen:1"].value, "tuesday");
  EXPECT_EQ(truth_.batches, 3);
}

TEST_F(Strategies, WriteBehindMergesWhatItsOwnerCanMerge) {
  WriteBehind hits(
      cache_, 1h, [this](auto batch) { return truth_.write_many(std::move(batch)); }, {},
      [](std::string waiting, std::string fresh) { return std::to_string(std::stoi(waiting) + std::stoi(fresh)); });
  for (int i = 0; i < 5; ++i) run(hits.put("link:1", "2", i));
  run(hits.flush());
  EXPECT_EQ(truth_.rows["link:1"].value, "10");
}

}  // namespace
}  // namespace kith
