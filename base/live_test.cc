#include "base/live.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace kith {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Live, ReadersSeeTheNewestAndKeepWhatTheyHold) {
  Live<std::string> live("first");
  std::string const& held = live.now();
  live.set("second");
  EXPECT_EQ(held, "first");
  EXPECT_EQ(live.now(), "second");
}

TEST(Live, WhatWasReplacedLongAgoIsLetGo) {
  Live<int> live(1);
  Live<int>::Instant const began{hours{100}};
  live.set(2, began);
  live.set(3, began + minutes{30});
  EXPECT_EQ(live.snapshots(), 3U) << "replaced within the hour";
  live.set(4, began + minutes{80});
  EXPECT_EQ(live.snapshots(), 3U) << "the first has gone, the second was replaced fifty minutes ago";
  live.set(5, began + hours{9});
  EXPECT_EQ(live.snapshots(), 2U) << "the newest, and the one that it just replaced";
  EXPECT_EQ(live.now(), 5);
}

// Both halves always belong together, whoever reads while they change.
TEST(Live, SnapshotIsWholeForEveryThread) {
  Live<std::pair<std::uint64_t, std::uint64_t>> live({0, 0});
  std::atomic<bool> over = false;
  std::atomic<int> torn = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      std::uint64_t last = 0;
      while (!over) {
        auto const& [first, second] = live.now();
        if (first != second || first < last) ++torn;
        last = first;
      }
    });
  for (std::uint64_t i = 1; i <= 2'000; ++i) live.set({i, i});
  over = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace kith
