#include <gtest/gtest.h>

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
