// What the contract does not ask of a log: backlogs larger than memory should hold, what is
// remembered over a stop and a power cut, and what is forgotten.

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "ports/table/rocksdb/test_world.h"

namespace kith {
namespace {

class RocksLogTest : public RocksWorld {
 protected:
  void open_all() {
    open();
    store->log().subscribe({"feeds", {{.kind = "Made"}, {.kind = "Echoed", .echo = true}}, [this](Event event) {
                              return handle(event.id.value);
                            }});
  }
  Task<void> handle(std::uint64_t id) {
    std::lock_guard const lock(mutex);
    ++handled[id];
    co_return;
  }
  void append(std::uint64_t from, std::uint64_t to, std::string const& kind = "Made") {
    std::vector<std::future<int>> all;
    for (; from <= to; from += 500) {
      std::vector<Event> events;
      for (std::uint64_t id = from; id <= to && id < from + 500; ++id)
        events.push_back({.id = EventId{id}, .kind = kind, .key = "1", .body = std::string(30, 'b')});
      all.push_back(begin(appended(std::move(events))));
    }
    for (auto& one : all) one.get();
  }
  Task<int> appended(std::vector<Event> events) {
    co_await store->log().append(std::move(events));
    co_return 0;
  }
  void caught_up() { run(store->log().caught_up("feeds")); }
  std::uint64_t waiting() { return run(store->log().lag()).at(0).waiting; }

  std::mutex mutex;
  std::map<std::uint64_t, int> handled;
};

TEST_F(RocksLogTest, BacklogLargerThanTheQueueIsWorkedOffOnce) {
  open_all();
  append(1, 45'000);
  EXPECT_EQ(waiting(), 45'000u);
  start();
  append(45'001, 46'000);
  caught_up();
  EXPECT_EQ(handled.size(), 46'000u);
  for (auto const& [id, times] : handled) ASSERT_EQ(times, 1) << id;
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(RocksLogTest, CleanStopRemembersWhatWasHandled) {
  open_all();
  start();
  append(1, 2'000);
  caught_up();
  close();
  open_all();
  start();
  append(2'001, 2'010);
  caught_up();
  EXPECT_EQ(handled.size(), 2'010u);
  for (auto const& [id, times] : handled) ASSERT_EQ(times, 1) << id;
}

TEST_F(RocksLogTest, EchoedEventsAreNotHandledAgainAfterAStop) {
  open_all();
  start();
  append(1, 100, "Echoed");
  for (std::uint64_t id = 1; id <= 100; id += 2) run(store->log().acknowledge("feeds", EventId{id}));
  EXPECT_EQ(waiting(), 50u);
  close();
  open_all();
  start();
  caught_up();
  EXPECT_EQ(handled.size(), 50u);
  EXPECT_EQ(handled.count(1), 0u);
  EXPECT_EQ(handled.at(2), 1);
}

TEST_F(RocksLogTest, PowerCutLosesNoEventAndHardlyRepeatsAny) {
  open_all();
  start();
  append(1, 3'000);
  caught_up();
  std::this_thread::sleep_for(std::chrono::milliseconds{1'200});  // by now it is remembered
  append(3'001, 3'010);
  lose_power();
  open_all();
  start();
  append(3'011, 3'011);
  caught_up();
  EXPECT_EQ(handled.size(), 3'011u);
  std::size_t again = 0;
  for (auto const& [id, times] : handled) again += times > 1 ? 1 : 0;
  EXPECT_LT(again, 1'000u);
}

TEST_F(RocksLogTest, EventsAreForgottenAfterSevenDaysIfAllHandledThem) {
  VirtualTime time(true);
  Workers none(0);
  std::optional<RocksStore> old;
  int seen = 0;
  auto const counted = [](int& count) -> std::function<Task<void>(Event)> {
    struct Count {
      int& count;
      Task<void> operator()(Event) const {
        ++count;
        co_return;
      }
    };
    return Count{count};
  };
  old.emplace(RocksStore::Needs{time, none}, options);
  old->log().subscribe({"feeds", {{"Made"}}, counted(seen)});
  old->start({time.executor()});
  auto const append_one = [&](std::uint64_t id) {
    std::vector<Event> events(1, Event{.id = EventId{id}, .kind = "Made", .key = "1"});
    time.run(old->log().append(events));
    time.run(old->log().caught_up("feeds"));
  };
  for (std::uint64_t id = 1; id <= 5; ++id) append_one(id);
  time.advance(std::chrono::days{8});
  append_one(6);
  std::this_thread::sleep_for(std::chrono::milliseconds{1'300});  // a look at the clock, and a sweep
  time.run(old->log().replay("feeds", Time{}));
  time.run(old->log().caught_up("feeds"));
  EXPECT_EQ(seen, 7);  // of six, one was left to be repeated
}

}  // namespace
}  // namespace kith
