#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "base/error.h"
#include "base/run.h"
#include "ports/bus/contract.h"
#include "ports/bus/memory.h"

namespace kith {
namespace {

std::vector<contract::BusEngine> engines() {
  std::vector<contract::BusEngine> all{{"memory", [] { return std::make_shared<MemoryBus>(); }}};
#ifdef KITH_REDIS
  for (auto& engine : contract::redis_buses()) all.push_back(std::move(engine));
#endif
  return all;
}

class BusContract : public testing::TestWithParam<contract::BusEngine> {
 protected:
  std::shared_ptr<Bus> bus_ = GetParam().fresh();

  void say(std::string channel, std::string body) { run(bus_->say(std::move(channel), std::move(body))); }
  std::unique_ptr<BusListener> listen(std::vector<std::string> channels) {
    return run(bus_->listen(std::move(channels)));
  }
  static std::string next(BusListener& listener) {
    auto const message = run(listener.next());
    return message ? message->channel + ":" + message->body : "closed";
  }
};

Task<void> collect(BusListener& listener, std::string& heard) {
  while (auto const message = co_await listener.next()) heard += message->body;
}
void start(boost::asio::io_context& loop, Task<void> task) {
  boost::asio::co_spawn(loop, std::move(task), [](std::exception_ptr) {});
}

TEST_P(BusContract, WhoListensHearsWhatIsSaidAfterwardsOnTheirChannels) {
  say("ada", "before");
  auto const one = listen({"ada", "public"}), other = listen({"ada"});
  say("ada", "1");
  say("bob", "2");
  say("public", "3");
  EXPECT_EQ(next(*one), "ada:1");
  EXPECT_EQ(next(*one), "public:3");
  EXPECT_EQ(next(*other), "ada:1");
}

TEST_P(BusContract, AChannelNamedTwiceIsHeardOnce) {
  auto const listener = listen({"ada", "ada"});
  run(listener->add("ada"));
  say("ada", "1");
  say("ada", "2");
  EXPECT_EQ(next(*listener), "ada:1");
  EXPECT_EQ(next(*listener), "ada:2");
}

TEST_P(BusContract, ChannelsComeAndGo) {
  auto const listener = listen({"ada"});
  run(listener->add("bob"));
  run(listener->remove("ada"));
  say("ada", "1");
  say("bob", "2");
  EXPECT_EQ(next(*listener), "bob:2");
}

TEST_P(BusContract, AWaitingListenerIsWokenInOrder) {
  auto const listener = listen({"ada"});
  boost::asio::io_context loop(1);
  std::string heard;
  start(loop, collect(*listener, heard));
  loop.poll();
  for (char const* body : {"a", "b", "c"}) say("ada", body);
  while (heard.size() < 3) loop.run_one();
  EXPECT_EQ(heard, "abc");
  listener->close();
  loop.run();
  EXPECT_EQ(heard, "abc");
}

TEST_P(BusContract, WhoDoesNotKeepUpLosesTheOldestAndKnows) {
  auto const listener = listen({"ada"});
  for (std::size_t i = 0; i < messages_waiting_max + 3; ++i) say("ada", std::to_string(i));
  while (listener->lost() < 3) std::this_thread::yield();  // it comes over a line
  EXPECT_EQ(listener->lost(), 3u);
  EXPECT_EQ(next(*listener), "ada:3");
}

TEST_P(BusContract, NothingIsHeardAfterTheEnd) {
  auto listener = listen({"ada"});
  say("ada", "1");
  listener->close();
  EXPECT_EQ(next(*listener), "closed");
  say("ada", "2");
  EXPECT_EQ(next(*listener), "closed");
  listener.reset();
  say("ada", "3");
}

TEST_P(BusContract, ACancelledWaitIsAnErrorOfOurs) {
  auto const listener = listen({"ada"});
  boost::asio::io_context loop(1);
  boost::asio::cancellation_signal stop;
  bool unavailable = false;
  boost::asio::co_spawn(
      loop,
      [](BusListener& listener, bool& unavailable) -> Task<void> {
        try {
          co_await listener.next();
        } catch (Error const& error) {
          unavailable = error.code == Code::unavailable;
        }
      }(*listener, unavailable),
      boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  boost::asio::post(loop, [&] { stop.emit(boost::asio::cancellation_type::terminal); });
  loop.run();
  EXPECT_TRUE(unavailable);
}

TEST_P(BusContract, AListenersLoopMayEndWhileItWaits) {
  auto const listener = listen({"ada"});
  std::string heard;
  {
    boost::asio::io_context loop(1);
    start(loop, collect(*listener, heard));
    loop.poll();
  }
  say("ada", "1");
  EXPECT_EQ(heard, "");
}

TEST_P(BusContract, LimitsAreExact) {
  say(std::string(channel_bytes_max, 'c'), std::string(message_bytes_max, 'm'));
  EXPECT_THROW(say(std::string(channel_bytes_max + 1, 'c'), ""), Error);
  EXPECT_THROW(say("c", std::string(message_bytes_max + 1, 'm')), Error);
  std::vector<std::string> channels;
  for (std::size_t i = 0; i < channels_max; ++i) channels.push_back("c" + std::to_string(i));
  auto const listener = listen(channels);
  EXPECT_THROW(run(listener->add("one more")), Error);
}

TEST_P(BusContract, SpeakersAndListenersOfManyThreads) {
  std::atomic<int> heard = 0;
  std::vector<std::unique_ptr<BusListener>> held;
  std::vector<std::jthread> listeners;
  for (int i = 0; i < 3; ++i) {
    held.push_back(listen({"all"}));
    listeners.emplace_back([&heard, &listener = *held.back()] {
      for (std::string got; (got = next(listener)) != "closed";) ++heard;
    });
  }
  {
    std::vector<std::jthread> speakers;
    for (int i = 0; i < 2; ++i)
      speakers.emplace_back([this] {
        for (int step = 0; step < 200; ++step) say("all", "x");
      });
  }
  while (heard < 1'200) std::this_thread::yield();
  for (auto& listener : held) listener->close();
}

INSTANTIATE_TEST_SUITE_P(Engines, BusContract, testing::ValuesIn(engines()),
                         [](auto const& engine) { return engine.param.name; });

}  // namespace
}  // namespace kith
