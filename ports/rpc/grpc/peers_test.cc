// Several processes of one role: who is asked, what is asked again, and when one is back.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "base/breaker.h"
#include "base/run.h"
#include "ports/rpc/authority_for_tests.h"
#include "ports/rpc/rpc_test_world.h"
#include "ports/rpc/socket_folder.h"

namespace kith::sample {
namespace {

using std::chrono::milliseconds;

struct Pair {
  AuthorityForTests ours{"ours"};
  std::shared_ptr<Identities const> identities = issued(ours);
  Grpc one{over_tcp(identities)}, two{over_tcp(identities)};
  GrpcChannel channel{{.addresses = {one.server->addresses()[0], two.server->addresses()[0]},
                       .identities = identities,
                       .name = "core.kith.test"}};
  RemoteSample remote{channel};

  bool both_are_asked() {
    auto const first = one.service.begun.load(), second = two.service.begun.load();
    return comes_true([&] {
      run(remote.touch({}));
      return one.service.begun > first && two.service.begun > second;
    });
  }
};

TEST(ProcessesOfOneRole, ShareTheCalls) {
  Pair pair;
  EXPECT_TRUE(pair.both_are_asked());
  auto const first = pair.one.service.begun.load(), second = pair.two.service.begun.load();
  for (int i = 0; i < 100; ++i) run(pair.remote.touch({}));
  EXPECT_EQ(pair.one.service.begun - first, 50u);
  EXPECT_EQ(pair.two.service.begun - second, 50u);
}

TEST(ProcessesOfOneRole, StopAndComeBackWithoutAFailedCall) {
  Pair pair;
  EXPECT_TRUE(pair.both_are_asked());
  auto const not_counted = pair.one.service.begun.load();  // of calls that have no end of their own
  // What the system chose is asked for again.
  pair.one.settings.addresses = pair.one.server->addresses();
  std::atomic<bool> over = false;
  std::atomic<int> failed = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      while (!over) try {
          run(pair.remote.echo({}, {.signed_ = 5}));
        } catch (Error const& error) {
          ADD_FAILURE() << error.say << ": " << error.detail;
          ++failed;
        }
    });
  for (int i = 0; i < 3; ++i) {
    pair.one.stop();
    EXPECT_EQ(pair.one.service.begun - not_counted, pair.one.service.ended);
    pair.one.start();
    auto const before = pair.one.service.begun.load();
    EXPECT_TRUE(comes_true([&] { return pair.one.service.begun > before; }));
  }
  over = true;
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(failed, 0);
}

TEST(ProcessesOfOneRole, ThatHaveJustComeBackAreWaitedForWhenTheOthersStop) {
  Pair pair;
  EXPECT_TRUE(pair.both_are_asked());
  std::array const both{&pair.one, &pair.two};
  for (Grpc* each : both) each->settings.addresses = each->server->addresses();
  std::atomic<bool> over = false;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      while (!over) try {
          run(pair.remote.echo({}, {.number = 1}));
        } catch (Error const& error) {
          EXPECT_EQ(error.say.find("is stopping"), std::string::npos) << error.say;
        }
    });
  // One is not connected yet when the other goes.
  pair.one.stop();
  for (int i = 0; i < 4; ++i) {
    both[i % 2]->start();
    both[(i + 1) % 2]->stop();
  }
  over = true;
  for (auto& caller : callers) caller.join();
}

TEST(ProcessesOfOneRole, ThatStopWithoutAWordAreNotAskedInVain) {
  // On unix sockets nobody is turned away first: what is on its way meets a gRPC that stops.
  Grpc one, two;
  GrpcChannel channel({.addresses = {one.settings.addresses[0], two.settings.addresses[0]}});
  RemoteSample remote(channel);
  std::atomic<bool> over = false;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      while (!over) try {
          run(remote.echo({}, {.number = 1}));
        } catch (Error const& error) {
          // Whether what was sent on a line that breaks just then was done, nobody knows; of these it is known.
          for (auto const* not_done : {"CANCELLED", "GOAWAY"})
            EXPECT_EQ(error.detail.find(not_done), std::string::npos) << error.detail;
        }
    });
  for (int i = 0; i < 6; ++i) {
    auto const before = one.service.begun.load();
    EXPECT_TRUE(comes_true([&] { return one.service.begun > before; }));
    one.stop();
    one.start();
  }
  over = true;
  for (auto& caller : callers) caller.join();
}

// A line to a process that can be cut.
class Line {
 public:
  Line(std::string const& address, std::string const& behind) : door_(loop_, private_socket(address)) {
    thread_ = std::thread([this, behind] {
      boost::system::error_code failed;
      door_.accept(in_, failed);
      if (failed) return;
      out_.connect(private_socket(behind));
      std::thread answers([&] { pump(out_, in_); });
      pump(in_, out_);
      answers.join();
    });
  }
  ~Line() {
    cut();
    thread_.join();
  }
  // For good: nobody opens the door again.
  void cut() {
    ::shutdown(door_.native_handle(), SHUT_RDWR);
    ::shutdown(in_.native_handle(), SHUT_RDWR);
    ::shutdown(out_.native_handle(), SHUT_RDWR);
  }

 private:
  using local = boost::asio::local::stream_protocol;

  static void pump(local::socket& from, local::socket& to) {
    std::array<char, 4096> part;
    boost::system::error_code failed;
    while (std::size_t const got = from.read_some(boost::asio::buffer(part), failed))
      boost::asio::write(to, boost::asio::buffer(part, got), failed);
    ::shutdown(to.native_handle(), SHUT_WR);
  }

  boost::asio::io_context loop_;
  local::socket in_{loop_}, out_{loop_};
  local::acceptor door_;
  std::thread thread_;
};

// Of two calls, one at each process, the line to one is cut. How the calls ended.
std::vector<Code> cut_in_the_middle(Repeat repeat, std::uint64_t operation) {
  Grpc one, two;
  std::string const address = "unix:" + fresh_socket();
  Line line(address, one.settings.addresses[0]);
  GrpcChannel channel({.addresses = {address, two.settings.addresses[0]}});
  RemoteSample remote(channel);
  EXPECT_TRUE(comes_true([&] {
    run(remote.touch({}));
    return one.service.begun > 0u && two.service.begun > 0u;
  }));
  std::vector<Code> ends;
  boost::asio::io_context loop;
  auto const first = one.service.begun.load(), second = two.service.begun.load();
  Everything const takes_a_while{.signed_ = 1000};
  for (int i = 0; i < 2; ++i)
    boost::asio::co_spawn(
        loop, channel.call({.operation = operation}, {"kith.sample.Sample/Echo", repeat}, encode(takes_a_while)),
        [&](std::exception_ptr failure, std::string) {
          try {
            if (failure) std::rethrow_exception(failure);
            ends.push_back(answered);
          } catch (Error const& error) {
            ends.push_back(error.code);
          }
        });
  std::thread thread([&] { loop.run(); });
  EXPECT_TRUE(comes_true([&] { return one.service.begun > first && two.service.begun > second; }));
  line.cut();
  thread.join();
  std::ranges::sort(ends);
  return ends;
}

TEST(ProcessesOfOneRole, AreAskedAgainOnlyWhereThatDoesNothingTwice) {
  EXPECT_EQ(cut_in_the_middle(Repeat::reads, 0), (std::vector{answered, answered}));
  EXPECT_EQ(cut_in_the_middle(Repeat::idempotent, 17), (std::vector{answered, answered}));
  EXPECT_EQ(cut_in_the_middle(Repeat::idempotent, 0), (std::vector{answered, Code::unknown}));
  EXPECT_EQ(cut_in_the_middle(Repeat::unknown, 17), (std::vector{answered, Code::unknown}));
}

TEST(ProcessesOfOneRole, ThatDoNotAnswerAreGivenAPause) {
  Grpc form;
  run(form.calls().touch({}));  // connected: what cannot be sent in time is not lost
  auto const late = [&] {
    Time const soon = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + milliseconds(30);
    return failure_of(form.calls().echo({.deadline = soon}, {.signed_ = 1000}));
  };
  // On a busy machine the first pauses may be over before the next call; each that is lost makes them longer.
  int lost = 0;
  EXPECT_TRUE(comes_true([&] {
    Error const error = late();
    if (error.code == Code::unknown) ++lost;
    return error.say == "A part of this server is not available";
  }));
  EXPECT_GE(lost, Breaker::failures_max);
  // One is let through now and then, and when it is answered all are.
  EXPECT_TRUE(comes_true([&] {
    try {
      run(form.calls().touch({}));
      return true;
    } catch (Error const&) {
      return false;
    }
  }));
  EXPECT_NO_THROW(run(form.calls().touch({})));
}

TEST(ProcessesOfOneRole, AreCalledAtOnceAfterTheirNewStartWhateverTheOldOneLost) {
  Grpc form;
  run(form.calls().touch({}));  // connected: what cannot be sent in time is not lost
  auto const late = [&] {
    Time const soon = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + milliseconds(30);
    return failure_of(form.calls().echo({.deadline = soon}, {.signed_ = 1000})).code == Code::unknown;
  };
  // Five pauses, each longer than the one before it: the last is 0.8 s at least.
  int lost = 0;
  EXPECT_TRUE(comes_true([&] { return (lost += late()) >= Breaker::failures_max + 4; }));
  form.stop();
  form.start();
  EXPECT_NO_THROW(run(form.calls().touch({})));
}

}  // namespace
}  // namespace kith::sample
