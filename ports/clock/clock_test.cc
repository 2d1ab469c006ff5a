#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/clock/system.h"
#include "ports/clock/virtual_time.h"

namespace kith {
namespace {

using namespace std::chrono_literals;

Task<void> sleeper(Clock& clock, Duration duration, std::string& trace, char name) {
  co_await clock.sleep(duration);
  trace += name;
}
void start(boost::asio::io_context& loop, Task<void> task) {
  boost::asio::co_spawn(loop, std::move(task), [](std::exception_ptr) {});
}

TEST(SystemClock, SleepsAtLeastSoLongAndResumesOnTheCallersLoop) {
  SystemClock clock;
  boost::asio::io_context loop(1);
  Duration const before = clock.monotonic();
  bool on_loop = false;
  boost::asio::co_spawn(
      loop,
      [](Clock& clock, boost::asio::io_context& loop, bool& on_loop) -> Task<void> {
        co_await clock.sleep(5ms);
        on_loop = loop.get_executor().running_in_this_thread();
      }(clock, loop, on_loop),
      [](std::exception_ptr) {});
  loop.run();
  EXPECT_TRUE(on_loop);
  EXPECT_GE(clock.monotonic() - before, 5ms);
}

TEST(SystemClock, CoarseTimeIsOnlyALittleBehind) {
  SystemClock clock;
  Duration const coarse = clock.monotonic_coarse();
  EXPECT_LE(coarse, clock.monotonic());
  EXPECT_GE(coarse, clock.monotonic() - 1s);
}

TEST(SystemClock, ACancelledSleepIsAnErrorOfOurs) {
  SystemClock clock;
  boost::asio::io_context loop(1);
  boost::asio::cancellation_signal stop;
  bool unavailable = false;
  boost::asio::co_spawn(
      loop,
      [](Clock& clock, bool& unavailable) -> Task<void> {
        try {
          co_await clock.sleep(1h);
        } catch (Error const& error) {
          unavailable = error.code == Code::unavailable;
        }
      }(clock, unavailable),
      boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  boost::asio::post(loop, [&] { stop.emit(boost::asio::cancellation_type::terminal); });
  loop.run();
  EXPECT_TRUE(unavailable);
}

TEST(FakeClock, WakesSleepersInOrderOfTheirEnds) {
  FakeClock clock;
  boost::asio::io_context loop(1);
  std::string trace;
  start(loop, sleeper(clock, 3s, trace, 'c'));
  start(loop, sleeper(clock, 1s, trace, 'a'));
  start(loop, sleeper(clock, 1s, trace, 'b'));
  loop.poll();
  EXPECT_EQ(clock.sleeping(), 3u);
  clock.advance(2s);
  loop.poll();
  EXPECT_EQ(trace, "ab");
  EXPECT_TRUE(clock.advance_to_next());
  loop.poll();
  EXPECT_EQ(trace, "abc");
  EXPECT_FALSE(clock.advance_to_next());
  EXPECT_EQ(clock.monotonic(), 3s);
}

TEST(FakeClock, MovedBeforeTheSleeperBeganToWaitStillWakesIt) {
  FakeClock clock;
  boost::asio::io_context loop(1);
  std::string trace;
  start(loop, sleeper(clock, 1s, trace, 'a'));
  boost::asio::post(loop, [&] { clock.advance(1s); });
  loop.run();
  EXPECT_EQ(trace, "a");
}

TEST(FakeClock, SettingTheWallClockEndsNoSleep) {
  FakeClock clock;
  boost::asio::io_context loop(1);
  std::string trace;
  start(loop, sleeper(clock, 1s, trace, 'a'));
  clock.set(clock.now() + 24h);
  loop.poll();
  EXPECT_EQ(trace, "");
  EXPECT_EQ(clock.monotonic(), 0s);
}

TEST(FakeClock, SleepersMayEndWithTheirLoop) {
  FakeClock clock;
  std::string trace;
  {
    boost::asio::io_context loop(1);
    start(loop, sleeper(clock, 1s, trace, 'a'));
    loop.poll();
  }
  EXPECT_EQ(clock.sleeping(), 0u);
  clock.advance(2s);
  EXPECT_EQ(trace, "");
}

TEST(VirtualTime, WaitsForOtherThreadsThatTakeLongerThanAllOfItsTime) {
  VirtualTime time(true);
  bool come = false;
  std::thread other;
  time.run([](VirtualTime& time, std::thread& other, bool& come) -> Task<void> {
    co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
        [&](auto handler) {
          other = std::thread([executor = time.executor(), handler = std::move(handler)]() mutable {
            std::this_thread::sleep_for(3s);  // ten minutes creep by in less
            boost::asio::post(executor, std::move(handler));
          });
        },
        boost::asio::use_awaitable);
    come = true;
  }(time, other, come));
  EXPECT_TRUE(come);
  other.join();
}

}  // namespace
}  // namespace kith
