// One suite for every way a service can be called: its caller cannot tell them apart.
#include <gtest/gtest.h>

#include <thread>

#include "base/all.h"
#include "base/run.h"
#include "ports/rpc/rpc_test_world.h"

namespace kith::sample {
namespace {

template <class Form>
class Calls : public testing::Test {
 protected:
  SampleService& calls() { return form_.calls(); }
  Form form_;
};
struct FormNames {
  template <class T>
  static std::string GetName(int) {
    return std::is_same_v<T, Direct>  ? "Direct"
           : std::is_same_v<T, Bytes> ? "Bytes"
           : std::is_same_v<T, Grpc>  ? "Grpc"
                                      : "Tcp";
  }
};
using Forms = testing::Types<Direct, Bytes, Grpc, Tcp>;
TYPED_TEST_SUITE(Calls, Forms, FormNames);

TYPED_TEST(Calls, AnswerComesBackAsItWasGiven) {
  Everything const sent{
      .number = UINT64_MAX, .small_signed = -1, .text = "grüße", .choices = {{.text = "a"}, {}}, .maybe_flag = false};
  EXPECT_EQ(run(this->calls().echo({}, sent)), sent);
}

TYPED_TEST(Calls, WithoutRequestOrAnswerWork) {
  run(this->calls().delete_({}, {.polls = {PollId{1}, PollId{2}}}));
  run(this->calls().touch({}));
  EXPECT_EQ(run(this->calls().count({})).number, 2u);
}

TYPED_TEST(Calls, WhoAsksUntilWhenAndWhyArrives) {
  Time const deadline =
      std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + std::chrono::seconds(20);
  Call const call{.viewer = AccountId{id_max},
                  .role = Role::moderator,
                  .deadline = deadline,
                  .operation = UINT64_MAX,
                  .trace = {0x0123456789abcdef, 1},
                  .span = 7};
  run(this->calls().touch(call));
  Call const arrived = this->form_.service.last();
  EXPECT_EQ(arrived.viewer, call.viewer);
  EXPECT_EQ(arrived.role, call.role);
  EXPECT_EQ(arrived.operation, call.operation);
  EXPECT_EQ(arrived.trace, call.trace);
  EXPECT_EQ(arrived.span, call.span);
  EXPECT_FALSE(arrived.sampled);
  EXPECT_LE(std::chrono::abs(arrived.deadline - deadline), std::chrono::seconds(1));  // gRPC rounds what is left of it
}

TYPED_TEST(Calls, WhetherATraceIsSampledArrives) {
  run(this->calls().touch({.sampled = true, .trace = {0, 1}, .span = 7}));
  EXPECT_TRUE(this->form_.service.last().sampled);
}

TYPED_TEST(Calls, NobodyIsNobody) {
  run(this->calls().touch({}));
  EXPECT_EQ(this->form_.service.last().viewer, AccountId{});
  EXPECT_EQ(this->form_.service.last().role, Role::unspecified);
  EXPECT_EQ(this->form_.service.last().operation, 0u);
}

TYPED_TEST(Calls, ErrorsKeepTheirCodeTheirWordsAndFields) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    try {
      run(this->calls().get_many({}, {.polls = {PollId{static_cast<std::uint64_t>(code)}}}));
      FAIL();
    } catch (Error const& error) {
      EXPECT_EQ(static_cast<int>(error.code), code);
      EXPECT_EQ(error.say, "This cannot be done: grüße");
      EXPECT_EQ(error.fields, R"({"text":[{"error":"ERR_BLANK"}]})");
      if (!std::is_same_v<TypeParam, Direct>) {
        EXPECT_EQ(error.detail.find("row 7"), std::string::npos);
      }
    }
  }
}

Task<void> one(SampleService& calls, std::uint64_t number, std::thread::id loop, std::size_t& right) {
  auto const answer = co_await calls.echo({}, {.number = number, .signed_ = static_cast<std::int64_t>(number % 3)});
  if (answer.number == number && std::this_thread::get_id() == loop) ++right;
}

TYPED_TEST(Calls, AThousandAtOnceEachGetTheirOwnAnswerOnTheirOwnLoop) {
  std::size_t right = 0;
  std::vector<Task<void>> tasks;
  for (std::uint64_t number = 0; number < 1000; ++number)
    tasks.push_back(one(this->calls(), number, std::this_thread::get_id(), right));
  run(all(std::move(tasks)));
  EXPECT_EQ(right, 1000u);
}

}  // namespace
}  // namespace kith::sample
