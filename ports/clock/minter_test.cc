#include "ports/clock/minter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/clock/lease_memory.h"
#include "ports/clock/system.h"

namespace kith {
namespace {

using namespace std::chrono_literals;

std::uint64_t worker_of(std::uint64_t id) { return id >> 12 & 0x3FF; }

class LeasesThatMayFail final : public Leases {
 public:
  Task<std::vector<Lease>> look(std::vector<std::string> names) override { return leases_.look(std::move(names)); }
  Task<std::optional<Lease>> put(Lease lease) override {
    if (away) throw Error{Code::unavailable, "Storage is not available"};
    auto written = co_await leases_.put(std::move(lease));
    if (meanwhile) {
      std::exchange(meanwhile, nullptr)();
      co_await boost::asio::post(boost::asio::use_awaitable);
    }
    co_return written;
  }
  bool away = false;
  std::function<void()> meanwhile;  // while a written row is on its way back

 private:
  MemoryLeases leases_;
};

class Minting : public testing::Test {
 protected:
  FakeClock clock_;
  LeasesThatMayFail leases_;

  std::unique_ptr<LeasedIds> open(std::string holder = "me") {
    return run(LeasedIds::open({leases_, clock_, std::move(holder)}));
  }
};

TEST_F(Minting, IdsTellTheirMomentAndGrow) {
  auto const ids = open();
  std::uint64_t const first = ids->mint();
  EXPECT_EQ(time_of_id(first), clock_.now());
  EXPECT_GE(first, first_id_at(clock_.now()));
  std::uint64_t last = first;
  for (int i = 0; i < 10'000; ++i) {
    std::uint64_t const next = ids->mint();
    ASSERT_GT(next, last);
    last = next;
  }
  EXPECT_LE(last, id_max);
  clock_.advance(1s);
  EXPECT_EQ(time_of_id(ids->mint()), clock_.now());
}

TEST_F(Minting, AClockSetBackCountsOn) {
  auto const ids = open();
  std::uint64_t const before = ids->mint();
  clock_.set(clock_.now() - 48h);
  clock_.advance(1s);
  EXPECT_GT(ids->mint(), before);
}

TEST_F(Minting, TwoProcessesHaveTwoNumbers) {
  auto const mine = open("me"), theirs = open("they");
  EXPECT_NE(mine->worker(), theirs->worker());
  EXPECT_NE(mine->mint(), theirs->mint());
}

TEST_F(Minting, AfterACrashIdsAreNewAndCarryTheRealTime) {
  std::set<std::uint64_t> seen;
  for (int crash = 0; crash < 5; ++crash) {
    auto const ids = open();
    for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(seen.insert(ids->mint()).second);
    EXPECT_LT(time_of_id(*seen.rbegin()), clock_.now() + 5ms);
    clock_.advance(10ms);
  }
}

TEST_F(Minting, ACleanEndGivesTheNumberBack) {
  auto ids = open();
  std::uint64_t const before = ids->mint();
  run(ids->close());
  EXPECT_THROW(ids->mint(), Error);
  clock_.advance(1s);
  auto const again = open("somebody else");
  EXPECT_EQ(again->worker(), ids->worker());
  EXPECT_GT(again->mint(), before);
}

TEST_F(Minting, AfterARestartAClockSetBackIsNotPassedBackBehindOldIds) {
  for (bool clean : {true, false})
    for (Duration back : {Duration(5min), Duration(24h)}) {
      if (!clean && back < LeasedIds::lead) continue;
      auto ids = open();
      std::uint64_t const before = ids->mint();
      if (clean) run(ids->close());
      clock_.set(clock_.now() - back);
      EXPECT_GT(open()->mint(), before) << clean;
      clock_.set(clock_.now() + back + 1h);
    }
}

TEST_F(Minting, NothingIsMintedAfterTheLeasesEnd) {
  auto const ids = open();
  clock_.advance(LeasedIds::lead - 1s);
  ids->mint();
  // A process that was paused: its wall clock was even set back meanwhile.
  clock_.advance(1s);
  clock_.set(clock_.now() - 1h);
  try {
    ids->mint();
    FAIL() << "minted after the lease's end";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unavailable);
  }
  // Whoever mints next begins above all that could have been minted under the lease.
  EXPECT_GE(tick_of(open("they")->mint()), run(leases_.look({"ids/0"})).at(0).ceiling);
}

TEST_F(Minting, ARenewalThatIsUnderWayWhenTheServerStopsIsFinished) {
  boost::asio::io_context loop(1);
  auto const ids = open();
  boost::asio::cancellation_signal stop;
  bool ended = false;
  boost::asio::co_spawn(loop, ids->keep(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { ended = true; }));
  loop.poll();
  leases_.meanwhile = [&] { stop.emit(boost::asio::cancellation_type::all); };
  clock_.advance(LeasedIds::lead / 4);
  loop.restart();
  loop.poll();
  EXPECT_FALSE(leases_.meanwhile) << "there was a renewal";
  EXPECT_TRUE(ended) << "and no further sleep";
  run(ids->close());
  EXPECT_EQ(run(leases_.look({"ids/0"})).at(0).holder, "") << "the number is given back";
}

TEST_F(Minting, TheLeaseIsRenewedAlsoOverAnOutageAndGivenUpWhenLost) {
  boost::asio::io_context loop(1);
  auto const ids = open();
  bool ended = false;
  boost::asio::co_spawn(loop, ids->keep(), [&](std::exception_ptr) { ended = true; });
  for (int minute = 0; minute < 60; ++minute) {
    leases_.away = minute >= 20 && minute < 28;
    clock_.advance(1min);
    loop.poll();
    loop.restart();
    ASSERT_NO_THROW(ids->mint()) << minute;
  }
  EXPECT_FALSE(ended);
  Lease stolen = run(leases_.look({"ids/0"})).at(0);
  stolen.holder = "a thief";
  run(leases_.put(stolen));
  clock_.advance(3min);
  loop.poll();
  EXPECT_TRUE(ended);
  EXPECT_THROW(ids->mint(), Error);
}

TEST(SystemMinting, ManyThreadsMintNoIdTwice) {
  SystemClock clock;
  MemoryLeases leases;
  auto const ids = run(LeasedIds::open({leases, clock, "me"}));
  std::vector<std::vector<std::uint64_t>> minted(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : minted)
      threads.emplace_back([&mine, &ids] {
        for (int i = 0; i < 5'000; ++i) mine.push_back(ids->mint());
      });
  }
  std::set<std::uint64_t> all;
  for (auto const& mine : minted) {
    EXPECT_TRUE(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 20'000u);
}

TEST(ImportIds, CarryTheOriginalDatesInOrder) {
  ImportIds ids;
  Time const monday{std::chrono::sys_days{std::chrono::year{2021} / 3 / 1}};
  ids.at(monday);
  std::uint64_t const first = ids.mint(), second = ids.mint();
  EXPECT_EQ(time_of_id(first), monday);
  EXPECT_GT(second, first);
  EXPECT_EQ(worker_of(first), import_worker);
  ids.at(monday + 24h);
  std::uint64_t const third = ids.mint();
  EXPECT_EQ(time_of_id(third), monday + 24h);
  ids.at(monday);
  EXPECT_GT(ids.mint(), third);
  EXPECT_GT(ImportIds(third).mint(), third);
}

TEST(ClockIds, AreTheSameForTheSameClock) {
  auto const mint = [] {
    FakeClock clock;
    ClockIds ids(clock);
    std::vector<std::uint64_t> minted;
    for (int i = 0; i < 3; ++i) minted.push_back(ids.mint());
    clock.advance(1s);
    minted.push_back(ids.mint());
    return minted;
  };
  EXPECT_EQ(mint(), mint());
}

}  // namespace
}  // namespace kith
