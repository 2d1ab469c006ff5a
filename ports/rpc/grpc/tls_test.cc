// Roles over TCP: who is believed, new certificates while serving, whose loops speak.
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "base/loops.h"
#include "base/run.h"
#include "ports/rpc/address.h"
#include "ports/rpc/authority_for_tests.h"
#include "ports/rpc/rpc_test_world.h"

namespace kith::sample {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Calls a form with an identity of its own.
Code outcome(Grpc& form, std::shared_ptr<Identities const> identities, std::string const& name = "core.kith.test") {
  GrpcChannel channel({.addresses = form.server->addresses(), .identities = std::move(identities), .name = name});
  RemoteSample remote(channel);
  try {
    run(remote.touch({}));
    return answered;
  } catch (Error const& error) {
    return error.code;
  }
}

TEST(RolesOverTcp, BelieveTheirAuthorityAndNamesOfTheirDomainAlone) {
  AuthorityForTests ours("ours"), foreign("foreign");
  Grpc form(over_tcp(issued(ours, {.names = "DNS:core.kith.test"})));
  EXPECT_EQ(outcome(form, issued(ours)), answered);
  EXPECT_EQ(outcome(form, issued(ours, {.names = "DNS:gateway.kith.test"})), answered);
  // Neither knows the other; then only the caller knows who is called.
  EXPECT_EQ(outcome(form, issued(foreign)), Code::unavailable);
  auto const folder = fresh_folder();
  foreign.issue(folder, {}, foreign.certificate() + ours.certificate());
  EXPECT_EQ(outcome(form, std::make_shared<Identities const>(files_in(folder))), Code::unavailable);
  // One of ours by authority, but not by name: another program of the same house.
  EXPECT_EQ(outcome(form, issued(ours, {.names = "DNS:printer.house.test"})), Code::internal);
  EXPECT_EQ(outcome(form, issued(ours, {.names = "DNS:deep.gateway.kith.test"})), Code::internal);
  // Who is called is not who was meant.
  EXPECT_EQ(outcome(form, issued(ours), "social.kith.test"), Code::unavailable);
  EXPECT_EQ(form.service.begun, 2u);
}

TEST(RolesOverTcp, AreRefusedWithoutCertificates) {
  std::string const say =
      "Roles speak over TCP only with mutual TLS: set rpc_certificate, rpc_key and rpc_authority, or a unix socket in "
      "place of tcp:127.0.0.1:7001";
  auto const refusal = [](auto act) {
    try {
      act();
    } catch (Error const& error) {
      return error.say;
    }
    return std::string();
  };
  EXPECT_EQ(refusal([] { GrpcChannel channel("tcp:127.0.0.1:7001"); }), say);
  EXPECT_EQ(refusal([] { Grpc form({.addresses = {"tcp:127.0.0.1:7001"}}); }), say);
  AuthorityForTests ours("ours");
  Grpc form(over_tcp(issued(ours)));
  EXPECT_TRUE(refusal([&] {
                Grpc second({.addresses = form.server->addresses(), .identities = form.settings.identities});
              }).starts_with("Roles cannot be answered on tcp:127.0.0.1:"));
  for (auto const* wrong : {"tcp:", "tcp:host", "tcp:host:", "tcp:host:x", "tcp:host:70000", "tcp:a:b:1", "host:1"})
    EXPECT_EQ(refusal([&] { tcp_place(wrong); }), "\"" + std::string(wrong) +
                                                      "\" is no address of a role: write tcp:HOST:PORT, such as "
                                                      "tcp:10.0.0.1:7001");
  EXPECT_EQ(tcp_place("tcp:[::1]:7001"), "[::1]:7001");
}

TEST(RolesOverTcp, SayAtTheStartWhatIsWrongWithAFile) {
  AuthorityForTests ours("ours"), foreign("foreign"), old("old", {.until = std::chrono::seconds{-60}});
  auto const refusal = [](fs::path const& folder, std::vector<std::string> names = {}) {
    try {
      Identities const identities(files_in(folder, std::move(names)));
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::invalid);
      return error.say;
    }
    return std::string("accepted");
  };
  auto const folder = fresh_folder();
  std::string const pem = folder / "identity.pem", key = folder / "identity.key", authority = folder / "authority.pem";
  ours.issue(folder);
  EXPECT_EQ(refusal(folder, {"core", "social"}), "accepted");
  ours.issue(folder, {.names = "DNS:core.kith.test"});
  EXPECT_EQ(refusal(folder, {"core"}), "accepted");
  EXPECT_EQ(refusal(folder, {"core", "social"}),
            "rpc_certificate: the certificate in " + pem +
                " does not name social.kith.test, which this process is (rpc_domain)");
  ours.issue(folder, {.until = std::chrono::seconds{-1}});
  EXPECT_TRUE(refusal(folder).starts_with("rpc_certificate: the certificate in " + pem + " expired on "));
  ours.issue(folder, {.from = std::chrono::hours{1}, .until = std::chrono::hours{2}});
  EXPECT_TRUE(refusal(folder).starts_with("rpc_certificate: the certificate in " + pem + " is valid from "));
  ours.issue(folder, {.usage = "serverAuth"});
  EXPECT_EQ(refusal(folder),
            "rpc_certificate: the certificate in " + pem + " must be good for servers and for clients");
  old.issue(folder);
  EXPECT_TRUE(
      refusal(folder).starts_with("rpc_authority: the authority of " + pem + " in " + authority + " expired on "));
  ours.issue(folder, {}, foreign.certificate());
  EXPECT_TRUE(refusal(folder).starts_with("rpc_authority: the certificate in " + pem +
                                          " (rpc_certificate) was not issued by an authority in " + authority));
  auto const other = fresh_folder();
  ours.issue(folder);
  ours.issue(other);
  fs::copy_file(other / "identity.key", key, fs::copy_options::overwrite_existing);
  EXPECT_EQ(refusal(folder),
            "rpc_key: the key in " + key + " is not that of the certificate in " + pem + " (rpc_certificate)");
  std::ofstream(key) << "no key";
  EXPECT_EQ(refusal(folder), "rpc_key: the file " + key + " holds no PEM key without a password");
  fs::remove(key);
  EXPECT_EQ(refusal(folder), "rpc_key: the file " + key + " cannot be read");
  ours.issue(folder);
  std::ofstream{authority};
  EXPECT_EQ(refusal(folder), "rpc_authority: the file " + authority + " holds no PEM certificate");
  ours.issue(folder);
  std::ofstream(pem) << "no certificate";
  EXPECT_EQ(refusal(folder), "rpc_certificate: the file " + pem + " holds no PEM certificate");
}

// Files as whoever mounts secrets replaces them: a link to a folder is renamed over.
struct Mounted {
  fs::path const at = fresh_folder();
  int version = 0;

  void replace(AuthorityForTests& issuer, std::string const& believed) {
    auto const folder = at / std::to_string(++version);
    issuer.issue(folder, {}, believed);
    fs::create_directory_symlink(folder, at / "new");
    fs::rename(at / "new", at / "data");
  }
};

TEST(RolesOverTcp, TakeNewCertificatesAndAuthoritiesUpWithoutAFailedCall) {
  AuthorityForTests first("first"), second("second");
  Mounted mounted;
  mounted.replace(first, first.certificate());
  auto const identities = std::make_shared<Identities const>(files_in(mounted.at / "data"));
  Grpc form(over_tcp(identities));
  std::atomic<bool> over = false;
  std::atomic<int> done = 0, failed = 0;
  std::thread caller([&] {
    while (!over) {
      try {
        run(form.calls().touch({}));
        ++done;
      } catch (Error const&) {
        ++failed;
      }
    }
  });
  auto const taken = [&](auto const& before) { return comes_true([&] { return identities->now() != before; }); };
  auto const replace = [&](AuthorityForTests& issuer, std::string const& believed) {
    auto const before = identities->now();
    mounted.replace(issuer, believed);
    EXPECT_TRUE(taken(before));
    int const until = done + 20;
    EXPECT_TRUE(comes_true([&] { return done > until; }));
  };
  auto const both = first.certificate() + second.certificate();
  replace(first, first.certificate());
  replace(first, both);
  replace(second, both);
  replace(second, second.certificate());
  EXPECT_EQ(outcome(form, issued(second)), answered);
  EXPECT_EQ(outcome(form, issued(first)), Code::unavailable);
  // What would be refused at the start is not taken.
  auto const kept = identities->now();
  mounted.replace(first, second.certificate());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(outcome(form, issued(second)), answered);
  EXPECT_EQ(identities->now(), kept);
  over = true;
  caller.join();
  EXPECT_EQ(failed, 0);
}

TEST(RolesOverTcp, AreFoundByNamesToo) {
  AuthorityForTests ours("ours");
  auto const identities = issued(ours);
  Grpc form({.addresses = {"tcp:localhost:0"}, .identities = identities});
  std::string const address = form.server->addresses()[0];
  EXPECT_TRUE(address.starts_with("tcp:localhost:") && !address.ends_with(":0")) << address;
  GrpcChannel channel({.addresses = {address}, .identities = identities, .name = "core.kith.test"});
  RemoteSample remote(channel);
  for (int i = 0; i < 3; ++i) EXPECT_NO_THROW(run(remote.touch({})));
  GrpcChannel nowhere({.addresses = {"tcp:nowhere.invalid:7001"}, .identities = identities, .name = "core.kith.test"});
  RemoteSample nobody(nowhere);
  EXPECT_EQ(failure_of(nobody.touch({})).code, Code::unavailable);
}

TEST(RolesOverTcp, AreFoundByTheNextWhoAsksWhenTheFirstIsCutOffMeanwhile) {
  AuthorityForTests ours("ours");
  auto const identities = issued(ours);
  Grpc form({.addresses = {"tcp:localhost:0"}, .identities = identities});
  std::string const address = form.server->addresses()[0];
  boost::asio::io_context loop;
  GrpcChannel channel(
      {.addresses = {"tcp:nowhere.invalid:7001", address}, .identities = identities, .name = "core.kith.test"});
  channel.run_on({loop.get_executor()});
  RemoteSample remote(channel);
  boost::asio::cancellation_signal cut_off;
  std::exception_ptr first, second;
  std::promise<void> over;
  boost::asio::co_spawn(loop, remote.touch({}),
                        boost::asio::bind_cancellation_slot(cut_off.slot(), [&](std::exception_ptr end) {
                          first = std::move(end);
                          boost::asio::co_spawn(loop, remote.touch({}), [&](std::exception_ptr end) {
                            second = std::move(end);
                            over.set_value();
                          });
                        }));
  loop.poll_one();  // the first name is being looked up
  cut_off.emit(boost::asio::cancellation_type::terminal);
  std::thread thread([&] { loop.run(); });
  over.get_future().wait();
  channel.close();
  thread.join();
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(second, nullptr);
}

TEST(RolesOverTcp, CallOnTheirOwnLoopsWithoutLeavingThem) {
  Tcp form;
  Loops loops(2);
  GrpcChannel channel(
      {.addresses = form.server->addresses(), .identities = form.settings.identities, .name = "core.kith.test"});
  channel.run_on(loops.executors());
  RemoteSample remote(channel);
  std::atomic<int> stayed = 0;
  for (std::size_t i = 0; i < 2; ++i)
    boost::asio::co_spawn(
        loops.at(i),
        [](RemoteSample& remote, std::atomic<int>& stayed) -> Task<void> {
          auto const before = std::this_thread::get_id();
          for (int calls = 0; calls < 20; ++calls) co_await remote.touch({});
          if (std::this_thread::get_id() == before) ++stayed;
        }(remote, stayed),
        boost::asio::detached);
  EXPECT_TRUE(comes_true([&] { return stayed == 2; }));
  EXPECT_NO_THROW(run(remote.touch({})));  // by somebody from elsewhere
  channel.close();
}

// A caller with two loops, which run while it waits for an answer.
class TwoLoops {
 public:
  explicit TwoLoops(Grpc& form)
      : channel_(
            {.addresses = form.server->addresses(), .identities = form.settings.identities, .name = "core.kith.test"}) {
    channel_.run_on({loops_[0].get_executor(), loops_[1].get_executor()});
  }
  ~TwoLoops() {
    std::thread closing([this] { channel_.close(); });
    for (auto& loop : loops_) {
      loop.restart();
      loop.run();
    }
    closing.join();
  }
  void call_on(std::size_t loop) {
    auto const answered = boost::asio::co_spawn(loops_[loop], remote_.touch({}), boost::asio::use_future);
    while (answered.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
      for (auto& each : loops_) {
        each.restart();
        each.poll();
      }
  }

 private:
  boost::asio::io_context loops_[2];
  GrpcChannel channel_;
  RemoteSample remote_{channel_};
};

TEST(RolesOverTcp, SpreadTheCallsOfEachCallerOverAllLoops) {
  Tcp form;
  TwoLoops one(form), two(form);
  auto const threads_of = [&](TwoLoops& caller) {
    form.service.threads();
    caller.call_on(0);
    caller.call_on(1);
    return form.service.threads().size();
  };
  one.call_on(0);  // and on its other loop only when somebody else has come
  two.call_on(0);
  EXPECT_EQ(threads_of(one), 2u);
  EXPECT_EQ(threads_of(two), 2u);
}

}  // namespace
}  // namespace kith::sample
