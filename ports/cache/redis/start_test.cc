// What an operator is told when the servers cannot be used.

#include <gmock/gmock.h>

#include <fstream>

#include "ports/cache/redis/test_world.h"
#include "ports/clock/system.h"

namespace kith {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RedisStart : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!contract::redis_is_here()) GTEST_SKIP();
  }
  std::string told() {
    try {
      RedisStore store(clock, options);
      EXPECT_TRUE(run(store.cache().set("a", "1", 1, std::chrono::minutes{1})));
      return "opened";
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::unavailable);
      return error.say;
    }
  }

  SystemClock clock;
  RedisOptions options = contract::redis_options();
};

TEST_F(RedisStart, WrongPasswordOrNoneNamesTheSetting) {
  EXPECT_EQ(told(), "opened");
  std::ofstream("wrong password") << "wrong\n";
  options.password_file = "wrong password";
  EXPECT_THAT(told(), AllOf(HasSubstr("refuses the password (redis_password_file"), HasSubstr("127.0.0.1:")));
  options.password_file = "nowhere";
  EXPECT_EQ(told(), "Cannot read a password from nowhere (redis_password_file)");
  options.password_file.clear();
  EXPECT_THAT(told(), HasSubstr("wants a password: name its file in redis_password_file"));
}

TEST_F(RedisStart, UserWhoMayNotDoWhatIsNeededIsTold) {
  std::string const& server = options.servers.front();
  auto const granted = contract::ask_redis(
      server, options.password_file, {"ACL", "SETUSER", "narrow", "on", ">narrow", "~*", "&*", "+@all", "-script"});
  EXPECT_EQ(granted.text, "OK");
  std::ofstream("narrow password") << "narrow\n";
  options.password_file = "narrow password";
  options.servers.front().replace(0, std::string("redis://").size(), "redis://narrow@");
  EXPECT_THAT(told(), AllOf(HasSubstr("(redis_servers) refuses what kith needs: NOPERM"), HasSubstr("script")));
}

TEST_F(RedisStart, UnreachableServerNamesTheSetting) {
  options.servers = {"redis://127.0.0.1:1"};
  EXPECT_THAT(told(), AllOf(HasSubstr("Redis cannot be reached at 127.0.0.1:1 (redis_servers)"), HasSubstr("refused")));
  options.servers = {"127.0.0.1:1"};
  EXPECT_THAT(told(), HasSubstr("redis_servers names what is no address"));
  options.servers = {};
  EXPECT_THAT(told(), HasSubstr("redis_servers names no server"));
}

TEST_F(RedisStart, SeveralServersAreThoseOfACluster) {
  options.servers.push_back("redis://127.0.0.1:1");
  EXPECT_THAT(told(), HasSubstr("redis_servers names several servers"));
  options = contract::redis_cluster_options();
  options.servers.insert(options.servers.begin(), "redis://127.0.0.1:1");
  EXPECT_EQ(told(), "opened") << "one of them is enough";
}

TEST_F(RedisStart, TlsIsSpokenWithWhomTheAuthorityVouchesForAlone) {
  options.servers = {contract::own_redis().said("REDIS_TLS")};
  options.tls_authority = contract::own_redis().said("REDIS_TLS_AUTHORITY");
  EXPECT_EQ(told(), "opened");
  options.tls_authority.clear();
  EXPECT_THAT(told(), AllOf(HasSubstr("redis_servers"), HasSubstr("certificate verify failed")));
  options.tls_authority = "nowhere.pem";
  EXPECT_THAT(told(), HasSubstr("(redis_tls_authority)"));
}

}  // namespace
}  // namespace kith
