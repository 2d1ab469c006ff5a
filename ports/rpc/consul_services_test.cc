// Processes found by Consul, with a real one.
#include "ports/rpc/consul_services.h"

#include <gmock/gmock.h>

#include <mutex>

#include "base/run.h"
#include "ports/rpc/rpc_test_world.h"
#include "ports/settings/consul_test_world.h"

namespace kith::sample {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(ConsulAddresses, AreTheServicesOwnOrItsNodes) {
  EXPECT_THAT(consul_addresses(R"([
                {"Node": {"Address": "10.0.0.9"}, "Service": {"Address": "10.0.0.2", "Port": 7001}},
                {"Node": {"Address": "10.0.0.1"}, "Service": {"Address": "", "Port": 7002}},
                {"Node": {"Address": "fd00::1"}, "Service": {"Address": "", "Port": 7003}}])"),
              ElementsAre("tcp:10.0.0.1:7002", "tcp:10.0.0.2:7001", "tcp:[fd00::1]:7003"));
  EXPECT_THAT(consul_addresses("[]"), IsEmpty());
  for (auto const* wrong : {"", "{}", "[1]", R"([{"Service": {"Address": "a"}}])",
                            R"([{"Service": {"Address": 1, "Port": 1}}])", R"([{"Service": {"Port": "1"}}])"})
    EXPECT_THROW(consul_addresses(wrong), Error) << wrong;
}

class Discovered : public testing::Test {
 protected:
  void SetUp() override {
    if (!contract::consul_is_here()) GTEST_SKIP() << "Consul is not built";
  }
  static ConsulRegistration::Settings registered(std::string const& service, std::string const& address) {
    return {.place = contract::consul_place(), .services = {service}, .address = address};
  }
  // What was told last of a service.
  struct Seen {
    void watch(Discovery& discovery, std::string service) {
      discovery.watch(std::move(service), [this](std::vector<std::string> const& told) {
        std::lock_guard const lock(mutex);
        addresses = told;
      });
    }
    std::vector<std::string> now() {
      std::lock_guard const lock(mutex);
      return addresses;
    }
    bool comes_to(std::vector<std::string> const& wanted) {
      return comes_true([&] { return now() == wanted; });
    }
    std::mutex mutex;
    std::vector<std::string> addresses = {"nothing was told"};
  };
};

TEST_F(Discovered, ProcessesComeAndGoAsTheySay) {
  Seen seen;
  ConsulDiscovery discovery(contract::consul_place());
  seen.watch(discovery, "come-and-go");
  EXPECT_TRUE(seen.comes_to({}));
  std::optional<ConsulRegistration> first(registered("come-and-go", "tcp:10.0.0.1:7001"));
  EXPECT_TRUE(seen.comes_to({"tcp:10.0.0.1:7001"}));
  ConsulRegistration const second(registered("come-and-go", "tcp:10.0.0.2:7001"));
  EXPECT_TRUE(seen.comes_to({"tcp:10.0.0.1:7001", "tcp:10.0.0.2:7001"}));
  first.reset();
  EXPECT_TRUE(seen.comes_to({"tcp:10.0.0.2:7001"}));
}

TEST_F(Discovered, WhoSaysNothingAnyMoreIsLeftOut) {
  Seen seen;
  ConsulDiscovery discovery(contract::consul_place());
  seen.watch(discovery, "silent");
  // As a process that was killed leaves it.
  ConsulHttp http(contract::consul_place());
  ASSERT_TRUE(http.put("/v1/agent/service/register",
                       R"({"ID": "silent-1", "Name": "silent", "Address": "10.0.0.1", "Port": 7001,
                           "Check": {"TTL": "2s", "Status": "passing"}})"));
  EXPECT_TRUE(seen.comes_to({"tcp:10.0.0.1:7001"}));
  EXPECT_TRUE(seen.comes_to({}));
}

TEST_F(Discovered, WhoIsStillThereIsRegisteredAnewWhenConsulHasForgottenIt) {
  Seen seen;
  ConsulDiscovery discovery(contract::consul_place());
  seen.watch(discovery, "forgotten");
  auto settings = registered("forgotten", "tcp:10.0.0.1:7001");
  settings.silent_max = std::chrono::seconds{2};
  ConsulRegistration const process(settings);
  EXPECT_TRUE(seen.comes_to({"tcp:10.0.0.1:7001"}));
  ConsulHttp http(contract::consul_place());
  ASSERT_TRUE(http.put("/v1/agent/service/deregister/forgotten-10.0.0.1-7001", {}));
  EXPECT_TRUE(seen.comes_to({}));
  EXPECT_TRUE(seen.comes_to({"tcp:10.0.0.1:7001"}));
}

TEST_F(Discovered, CallsGoToWhoIsThere) {
  Seen seen;
  AuthorityForTests ours("ours");
  auto const identities = issued(ours);
  Grpc one(over_tcp(identities)), two(over_tcp(identities));
  auto const discovery = std::make_shared<ConsulDiscovery>(contract::consul_place());
  GrpcChannel channel(
      {.addresses = {"service:called"}, .identities = identities, .name = "core.kith.test", .discovery = discovery});
  RemoteSample remote(channel);
  EXPECT_EQ(failure_of(remote.touch({})).code, Code::unavailable);
  auto const asked = [&](Grpc& form) {
    auto const before = form.service.begun.load();
    return comes_true([&] {
      try {
        run(remote.touch({}));
      } catch (Error const& error) {
        EXPECT_EQ(error.code, Code::unavailable);
      }
      return form.service.begun > before;
    });
  };
  std::optional<ConsulRegistration> first(registered("called", one.server->addresses()[0]));
  EXPECT_TRUE(asked(one));
  ConsulRegistration const second(registered("called", two.server->addresses()[0]));
  EXPECT_TRUE(asked(two));
  EXPECT_TRUE(asked(one));
  first.reset();
  seen.watch(*discovery, "called");
  EXPECT_TRUE(seen.comes_to({two.server->addresses()[0]}));
  one.stop();
  for (int i = 0; i < 10; ++i) EXPECT_NO_THROW(run(remote.touch({})));
}

}  // namespace
}  // namespace kith::sample
