// What can happen between processes only.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "base/all.h"
#include "base/run.h"
#include "ports/rpc/rpc_test_world.h"
#include "ports/rpc/socket_folder.h"

namespace kith::sample {
namespace {

using std::chrono::milliseconds;

Time soon(milliseconds from_now) {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + from_now;
}

TEST(GrpcCalls, WaitNoLongerThanTheirDeadline) {
  Grpc form;
  run(form.calls().touch({}));  // connected: what cannot be sent in time ends otherwise
  Error const error = failure_of(form.calls().echo({.deadline = soon(milliseconds(100))}, {.signed_ = 2000}));
  EXPECT_EQ(error.code, Code::unknown);
  EXPECT_EQ(form.service.ended, 0u);
  // What had begun runs to its end.
  EXPECT_TRUE(comes_true([&] { return form.service.ended == 1u; }));
}

// A server on a machine with better things to do: each connection is taken up a while after it came.
class SlowDoor {
 public:
  SlowDoor(std::string const& address, std::string const& behind) : door_(loop_, private_socket(address)) {
    thread_ = std::thread([this, behind] {
      local::socket in(loop_), out(loop_);
      door_.accept(in);
      std::this_thread::sleep_for(milliseconds(400));
      out.connect(private_socket(behind));
      std::thread answers([&] { pump(out, in); });
      pump(in, out);
      answers.join();
    });
  }
  ~SlowDoor() { thread_.join(); }

 private:
  using local = boost::asio::local::stream_protocol;

  static void pump(local::socket& from, local::socket& to) {
    std::array<char, 4096> part;
    boost::system::error_code failed;
    while (std::size_t const got = from.read_some(boost::asio::buffer(part), failed))
      boost::asio::write(to, boost::asio::buffer(part, got), failed);
    to.shutdown(local::socket::shutdown_both, failed);
  }

  boost::asio::io_context loop_;
  local::acceptor door_;
  std::thread thread_;
};

TEST(GrpcCalls, WaitForAServerThatIsBusy) {
  Grpc form;
  std::string const address = "unix:" + fresh_socket();
  SlowDoor const door(address, form.settings.addresses[0]);
  GrpcChannel channel(address);
  RemoteSample remote(channel);
  EXPECT_EQ(run(remote.echo({}, {.text = "late"})).text, "late");
}

TEST(GrpcCalls, AreNotSentWhenTheirTimeIsOver) {
  Grpc form;
  EXPECT_EQ(failure_of(form.calls().touch({.deadline = soon(milliseconds(-1))})).code, Code::unavailable);
  EXPECT_EQ(form.service.begun, 0u);
}

TEST(GrpcCalls, AreNotBegunWhenTheirTimePassedInTheQueue) {
  Grpc form;
  run(form.calls().touch({}));
  std::promise<void> go;
  auto const gone = go.get_future().share();
  for (auto& pool : form.pools) boost::asio::post(*pool, [gone] { gone.wait(); });
  EXPECT_EQ(failure_of(form.calls().touch({.deadline = soon(milliseconds(100))})).code, Code::unknown);
  std::this_thread::sleep_for(milliseconds(200));
  go.set_value();
  form.stop();
  EXPECT_EQ(form.service.begun, 1u);
}

TEST(GrpcCalls, CarryLargeMessagesAndRefuseTooLargeOnes) {
  Grpc form;
  std::uint32_t const large = 15 * 1024 * 1024;
  EXPECT_EQ(run(form.calls().echo({}, {.text = std::string(large, 'y')})).text.size(), large);
  EXPECT_EQ(run(form.calls().echo({}, {.small = large})).text.size(), large);
  EXPECT_EQ(failure_of(form.calls().echo({}, {.text = std::string(rpc_bytes_max + 1, 'y')})).code, Code::invalid);
  testing::internal::CaptureStderr();
  EXPECT_EQ(failure_of(form.calls().echo({}, {.small = rpc_bytes_max + 1})).code, Code::internal);
  auto const logged = testing::internal::GetCapturedStderr();
  EXPECT_NE(logged.find("\"method\":\"kith.sample.Sample/Echo\""), std::string::npos) << logged;
  EXPECT_NE(logged.find("\"detail\":\"the answer is too large\""), std::string::npos) << logged;
}

TEST(GrpcCalls, AreSurelyNotDoneWhenNobodyIsThereAndAreAllServedOnceItIsBack) {
  Grpc form;
  run(form.calls().touch({}));
  form.stop();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failure_of(form.calls().touch({})).code, Code::unavailable);
  form.start();
  EXPECT_NO_THROW(run(form.calls().touch({})));  // at once, though the line was lost long ago
}

TEST(GrpcCalls, MayStartBeforeTheirServer) {
  std::string const address = "unix:" + fresh_socket();
  GrpcChannel channel(address);
  RemoteSample remote(channel);
  EXPECT_EQ(failure_of(remote.touch({})).code, Code::unavailable);
  Grpc form({.addresses = {address}});
  EXPECT_NO_THROW(run(remote.touch({})));
}

TEST(GrpcCalls, OfAClosedChannelEndUnknown) {
  Grpc form;
  boost::asio::io_context loop;
  std::optional<Code> code;
  boost::asio::co_spawn(loop, form.calls().echo({}, {.signed_ = 1500}), [&](std::exception_ptr failure, Everything) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (Error const& error) {
      code = error.code;
    }
  });
  std::thread thread([&] { loop.run(); });
  EXPECT_TRUE(comes_true([&] { return form.service.begun == 1u; }));
  form.channel->close();
  thread.join();
  EXPECT_EQ(code, Code::unknown);
  EXPECT_EQ(failure_of(form.calls().touch({})).code, Code::unavailable);
}

TEST(GrpcCalls, OfAnUnknownNameAreOurMistake) {
  Grpc form;
  EXPECT_EQ(failure_of(form.channel->call({}, {"kith.sample.Sample/Nowhere"}, {})).code, Code::internal);
}

TEST(GrpcCalls, ThatCannotBeReadAreRefused) {
  Grpc form;
  EXPECT_EQ(failure_of(form.channel->call({}, {"kith.sample.Sample/Echo"}, "\xFF")).code, Code::invalid);
}

TEST(GrpcCalls, WordsOfEnginesStayInTheirProcess) {
  Grpc form;
  Error const error = failure_of(form.calls().get_many({}, {.polls = {PollId{100}}}));
  EXPECT_EQ(error.code, Code::internal);
  EXPECT_EQ(error.say, "Something went wrong on our side");
  EXPECT_EQ(error.detail.find("engine"), std::string::npos);
}

TEST(GrpcCalls, BeyondTheLimitAreTurnedAwayAtOnce) {
  Grpc form({.concurrent_max = 2});
  std::vector<Task<Everything>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(form.calls().echo({}, {.signed_ = 1000}));
  Error const error = failure_of(all(std::move(tasks)));
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_EQ(error.say, "The server is busy; try again in a moment");
  EXPECT_EQ(form.service.begun, 2u);
  EXPECT_TRUE(comes_true([&] { return form.service.ended == 2u; }));
  EXPECT_NO_THROW(run(form.calls().touch({})));
}

TEST(GrpcServers, WaitForWhatHasBegun) {
  Grpc form;
  boost::asio::io_context loop;
  boost::asio::co_spawn(loop, form.calls().echo({}, {.signed_ = 300}), boost::asio::detached);
  std::thread thread([&] { loop.run(); });
  EXPECT_TRUE(comes_true([&] { return form.service.begun == 1u; }));
  form.server->stop();
  EXPECT_EQ(form.service.ended, 1u);
  thread.join();
}

TEST(GrpcServers, DoNotTakeASocketAway) {
  Grpc form;
  Grpc const* second = nullptr;
  try {
    second = new Grpc({.addresses = form.settings.addresses});
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unavailable);
    EXPECT_TRUE(error.say.starts_with("Another process already answers on /")) << error.say;
  }
  EXPECT_EQ(second, nullptr);
  run(form.calls().touch({}));
}

// What comes is no HTTP/2, or ends in the middle of it.
TEST(GrpcServers, OutliveWhatTheyCannotRead) {
  Grpc form;
  std::string const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  std::string const endless(1 << 20, '\xFF');
  for (std::string const& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"), preface, preface + endless, endless}) {
    boost::asio::io_context loop;
    boost::asio::local::stream_protocol::socket socket(loop);
    socket.connect(private_socket(form.settings.addresses[0]));
    boost::system::error_code ignored;
    boost::asio::write(socket, boost::asio::buffer(bytes), ignored);
    if (bytes == preface) continue;
    // It is closed from the other end, after what was said about it.
    std::array<char, 4096> part;
    while (!ignored || ignored == boost::asio::error::broken_pipe) {
      ignored.clear();
      socket.read_some(boost::asio::buffer(part), ignored);
    }
  }
  EXPECT_NO_THROW(run(form.calls().touch({})));
  EXPECT_EQ(form.service.begun, 1u);
}

TEST(GrpcServers, WaitForNobodyWhoSaysNothing) {
  Grpc form;
  boost::asio::io_context loop;
  boost::asio::local::stream_protocol::socket silent(loop);
  silent.connect(private_socket(form.settings.addresses[0]));
  run(form.calls().touch({}));
  form.server->stop();  // returns
}

std::string refusal_of(std::string const& address) {
  try {
    private_socket(address);
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::invalid);
    return error.say;
  }
  return {};
}

TEST(PrivateSockets, AreUnixSocketsWithAFullPath) {
  EXPECT_EQ(
      refusal_of("127.0.0.1:18200"),
      "Roles speak over a unix socket, such as unix:/srv/kith/rpc/kith.sock, or over TCP, such as tcp:10.0.0.1:7001; "
      "\"127.0.0.1:18200\" is neither");
  EXPECT_EQ(refusal_of("unix:rpc/s.sock"), "The socket between roles needs a full path, not \"rpc/s.sock\"");
  EXPECT_TRUE(refusal_of("unix:/" + std::string(107, 'x'))
                  .starts_with("The path of the socket between roles has at most 107 bytes"));
}

TEST(PrivateSockets, LieInAFolderThatOnlyTheirOwnerMayEnter) {
  auto const folder = std::filesystem::current_path() / "guarded";
  std::string const address = "unix:" + (folder / "s.sock").string();
  std::filesystem::remove_all(folder);
  EXPECT_EQ(private_socket(address), folder / "s.sock");
  struct stat made = {};
  ASSERT_EQ(::stat(folder.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 0777u, 0700u);
  for (mode_t const open : {0710u, 0701u, 0750u, 0777u}) {
    ::chmod(folder.c_str(), open);
    EXPECT_EQ(refusal_of(address), "Others may enter the folder " + folder.string() +
                                       " of the socket between roles: run chmod 700 " + folder.string());
  }
  ::chmod(folder.c_str(), 0700);
  EXPECT_EQ(refusal_of(address), "");
  auto const link = std::filesystem::current_path() / "link";
  std::filesystem::remove(link);
  std::filesystem::create_directory_symlink(folder, link);
  EXPECT_EQ(refusal_of("unix:" + (link / "s.sock").string()), link.string() + " is not a folder");
  // Parents are made too; what cannot be made is said.
  EXPECT_EQ(refusal_of("unix:" + (folder / "new" / "deep" / "s.sock").string()), "");
  EXPECT_TRUE(refusal_of("unix:/proc/no/such/s.sock").starts_with("The folder "));
}

TEST(PrivateSockets, TellWhetherSomebodyListens) {
  Grpc form;
  std::string const path = form.settings.addresses[0].substr(5);
  EXPECT_TRUE(answers(path));
  form.stop();
  EXPECT_FALSE(answers(path));
}

}  // namespace
}  // namespace kith::sample
