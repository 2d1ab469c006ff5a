#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/all.h"
#include "base/error.h"
#include "base/id.h"
#include "base/run.h"
#include "base/time.h"
#include "base/workers.h"

namespace kith {
namespace {

TEST(Id, IsDecimalDigitsAndNothingElse) {
  EXPECT_EQ(parse_id("1"), 1u);
  EXPECT_EQ(parse_id("9223372036854775807"), id_max);
  for (char const* wrong : {"", "0", "01", "-1", "+1", " 1", "1 ", "0x1", "9223372036854775808", "18446744073709551616",
                            "99999999999999999999", "1a", "１"})
    EXPECT_EQ(parse_id(wrong), std::nullopt) << wrong;
}

TEST(TimeText, HasThreeFractionDigitsAndZ) {
  Time const time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + std::chrono::hours{9} +
                  std::chrono::microseconds{7'999}};
  EXPECT_EQ(iso_time(time), "2026-11-21T09:00:00.007Z");
  EXPECT_EQ(iso_date(time), "2026-11-21");
}

TEST(TimeText, ReadsOffsetsAndFractionsAndRefusesTheRest) {
  EXPECT_EQ(parse_time("2026-11-21T10:00:00.5+01:00"), parse_time("2026-11-21T09:00:00.500Z"));
  EXPECT_EQ(parse_time("2024-02-29T00:00:00Z").has_value(), true);
  for (char const* wrong : {"", "2026-11-21", "2026-02-29T00:00:00Z", "2026-11-21T25:00:00Z", "2026-11-21T10:00:00",
                            "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00Zx", "-026-11-21T10:00:00Z"})
    EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
}

Task<int> number(int value) { co_return value; }
Task<int> refusal() {
  throw Error{Code::not_found, "No such number"};
  co_return 0;
}
Task<int> later(int value) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::milliseconds{1});
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return value;
}
Task<int> sum() {
  auto const [a, b, c] = co_await all(number(1), later(2), number(3));
  std::vector<Task<int>> more;
  for (int i = 0; i < 3; ++i) more.push_back(later(i * 10));
  int total = a + b + c;
  for (int value : co_await all(std::move(more))) total += value;
  co_return total;
}
Task<void> failing() { co_await all(later(1), refusal(), later(2)); }

TEST(All, WaitsForEveryChild) { EXPECT_EQ(run(sum()), 36); }

TEST(All, ThrowsTheFirstFailure) {
  try {
    run(failing());
    FAIL() << "a refusal was lost";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::not_found);
  }
}

Task<int> later(int value, int& ended) {
  value = co_await later(value);
  ++ended;
  co_return value;
}
Task<int> cancels(boost::asio::cancellation_signal& signal) {
  signal.emit(boost::asio::cancellation_type::all);
  co_return 1;
}
Task<int> cancels_later(boost::asio::cancellation_signal& signal) {
  signal.emit(boost::asio::cancellation_type::all);
  co_return co_await later(1);
}
Task<void> cancelled(boost::asio::cancellation_signal& signal, int& ended, int& heard) {
  try {
    auto const [a, b, c] = co_await all(later(1, ended), cancels(signal), later(2, ended));
    heard = a + b + c;
    co_await later(0);
    heard = -1;
  } catch (boost::system::system_error const& error) {
    if (error.code() != boost::asio::error::operation_aborted) heard = -2;
  }
}
Task<void> cancelled_with_many(boost::asio::cancellation_signal& signal, int& ended, int& heard) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(later(i, ended));
  tasks.push_back(cancels_later(signal));
  for (int value : co_await all(std::move(tasks))) heard += value;
}

// A child that is still on its way writes into the frame of who waits for it.
TEST(All, WhoIsCancelledStillWaitsForEveryChild) {
  for (auto const parent : {cancelled, cancelled_with_many}) {
    boost::asio::io_context loop(1);
    boost::asio::cancellation_signal signal;
    int ended = 0, heard = 0, ended_before = -1;
    boost::asio::co_spawn(
        loop, parent(signal, ended, heard),
        boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended_before = ended; }));
    loop.run();
    EXPECT_EQ(ended_before, parent == cancelled ? 2 : 3);
    EXPECT_EQ(heard, 4);
  }
}

Task<int> hopping(Workers& workers) {
  int const value = co_await workers.run([] { return 20; });
  co_await workers.run([] {});
  co_return value;
}

TEST(Workers, RunElsewhereOrAtOnce) {
  Workers inline_workers(0), threads(2);
  EXPECT_EQ(run(hopping(inline_workers)), 20);
  EXPECT_EQ(run(hopping(threads)), 20);
  EXPECT_THROW(run([](Workers& workers) -> Task<void> {
                 co_await workers.run([]() -> void { throw Error{Code::invalid, "no"}; });
               }(threads)),
               Error);
}

}  // namespace
}  // namespace kith
