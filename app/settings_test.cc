#include "app/settings.h"
#include "app/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "app/settings_file.h"
#include "app/settings_words.h"
#include "base/error.h"

namespace kith {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class SettingsFile : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "kith.toml";
  void TearDown() override { std::filesystem::remove(path_); }

  Settings read(std::string const& text, Environment const& environment = {},
                std::vector<SettingFrom> const& options = {}) {
    std::ofstream(path_) << text;
    return load_settings(path_, environment, options).settings;
  }
  // The sentence, without the folder.
  std::string refusal(std::string const& text, Environment const& environment = {},
                      std::vector<SettingFrom> const& options = {}) {
    try {
      read(text, environment, options);
    } catch (Error const& error) {
      EXPECT_EQ(error.code, Code::invalid);
      std::string say = error.say;
      if (std::size_t const at = say.find(path_); at != std::string::npos) say.replace(at, path_.size(), "kith.toml");
      return say;
    }
    return "accepted";
  }
};

TEST_F(SettingsFile, NothingSetIsTheDefaults) {
  EXPECT_EQ(read(""), Settings{});
  EXPECT_EQ(load_settings("", {}).settings, Settings{});
}

TEST_F(SettingsFile, EveryFormIsRead) {
  Settings const settings = read(R"(
data = "/srv/kith"
listen = ["127.0.0.1:80", "[::1]:80", ":8080"]
rate_limits = "off"
lock_new_accounts = false
sign_up = "approval"
password_memory = "64 MiB"
threads = 3
request_deadline = "1 min"
log_level = "warn"
[community]
name = "Our town"
rules = ["Be kind, always", "No spam"]
)");
  EXPECT_EQ(settings.data, "/srv/kith");
  EXPECT_THAT(settings.listen, ElementsAre("127.0.0.1:80", "[::1]:80", ":8080"));
  EXPECT_FALSE(settings.rate_limits);
  EXPECT_FALSE(settings.lock_new_accounts);
  EXPECT_EQ(settings.sign_up, SignUp::approval);
  EXPECT_EQ(settings.password_memory, 64u << 20);
  EXPECT_EQ(settings.threads, 3u);
  EXPECT_EQ(settings.request_deadline, Duration(1min));
  EXPECT_EQ(settings.log_level, LogLevel::warn);
  EXPECT_EQ(settings.community_name, "Our town");
  EXPECT_THAT(settings.community_rules, ElementsAre("Be kind, always", "No spam"));
}

TEST_F(SettingsFile, TheEnvironmentIsAboveTheFileAndOptionsAboveBoth) {
  Environment const environment = {{"KITH_RATE_LIMITS", "off"},
                                   {"KITH_SIGN_UP", "closed"},
                                   {"KITH_CONFIRM_EMAIL", "on"},
                                   {"KITH_LISTEN", "127.0.0.1:1, 127.0.0.1:2"},
                                   {"KITH_COMMUNITY_RULES", "Be kind, always\nNo spam"},
                                   {"KITH_THREADS", "7"}};
  Settings const settings = read("rate_limits = \"on\"\nsign_up = \"open\"\nthreads = 2\n", environment,
                                 {{"threads", "9", "--threads"}, {"data", "/x", "--data"}});
  EXPECT_FALSE(settings.rate_limits);
  EXPECT_EQ(settings.sign_up, SignUp::closed);
  EXPECT_TRUE(settings.confirm_email);
  EXPECT_THAT(settings.listen, ElementsAre("127.0.0.1:1", "127.0.0.1:2"));
  EXPECT_THAT(settings.community_rules, ElementsAre("Be kind, always", "No spam"));
  EXPECT_EQ(settings.threads, 9u);
  EXPECT_EQ(settings.data, "/x");
}

TEST_F(SettingsFile, AnUnknownNameIsRefusedWithTheNearest) {
  EXPECT_EQ(refusal("\n\nrate_limit = \"on\"\n"),
            "kith.toml:3: unknown setting 'rate_limit': did you mean 'rate_limits'?");
  EXPECT_EQ(refusal("[community]\nnmae = \"x\"\n"),
            "kith.toml:2: unknown setting 'community_nmae': did you mean 'community_name'?");
  EXPECT_EQ(refusal("something_else_entirely = 1\n"),
            "kith.toml:1: unknown setting 'something_else_entirely' (kith settings lists all)");
}

TEST_F(SettingsFile, UnknownNamesOfTheEnvironmentAreOnlyTold) {
  auto const loaded =
      load_settings("", {{"KITH_RATE_LIMIT", "off"}, {"KITH_JOBS", "4"}, {"PATH", "/bin"}, {"KITH_sign_up", "closed"}});
  EXPECT_EQ(loaded.settings, Settings{});
  EXPECT_THAT(loaded.warnings,
              ElementsAre("KITH_RATE_LIMIT in the environment is no setting: did you mean KITH_RATE_LIMITS?",
                          HasSubstr("KITH_JOBS in the environment is no setting"),
                          HasSubstr("KITH_sign_up in the environment is no setting: did you mean KITH_SIGN_UP?")));
}

TEST_F(SettingsFile, AWrongValueIsOneSentenceWithItsPlaceAndWhatWouldBeRight) {
  EXPECT_EQ(refusal("sign_up = \"maybe\"\n"), "kith.toml:1: sign_up is 'maybe', but must be open, approval or closed");
  EXPECT_EQ(refusal("rate_limits = \"yes\"\n"), "kith.toml:1: rate_limits is 'yes', but must be on or off");
  EXPECT_EQ(refusal("password_passes = 0\n"),
            "kith.toml:1: password_passes is '0', but must be a number from 1 to 100");
  EXPECT_EQ(refusal("password_passes = -1\n"),
            "kith.toml:1: password_passes is '-1', but must be a number from 1 to 100");
  EXPECT_EQ(refusal("password_memory = \"19 MB\"\n"),
            "kith.toml:1: password_memory is '19 MB', but must be a size from 8 KiB to 4 GiB");
  EXPECT_EQ(refusal("feeds_kept = \"60\"\n"), "kith.toml:1: feeds_kept is '60', but must be a time from 1 d to 3650 d");
  EXPECT_EQ(refusal("listen = [\"127.0.0.1:80\", \"nowhere\"]\n"),
            "kith.toml:1: listen is '127.0.0.1:80', 'nowhere', but must be HOST:PORT, such as 127.0.0.1:8080");
  EXPECT_EQ(refusal("", {{"KITH_SIGN_UP", "maybe"}}), "KITH_SIGN_UP is 'maybe', but must be open, approval or closed");
  EXPECT_EQ(refusal("", {}, {{"listen", "x", "--listen"}}),
            "--listen is 'x', but must be HOST:PORT, such as 127.0.0.1:8080");
  EXPECT_THAT(refusal("", {{"KITH_DATA", "\xff"}}), HasSubstr("UTF-8"));
}

TEST_F(SettingsFile, AWrongTypeIsToldToo) {
  EXPECT_EQ(refusal("community_name = 5\n"), "kith.toml:1: community_name must be a text, in quotes");
  EXPECT_EQ(refusal("threads = \"5\"\n"), "kith.toml:1: threads must be a number from 0 to 256, without quotes");
  EXPECT_EQ(refusal("sign_up = [\"open\"]\n"), "kith.toml:1: sign_up must be open, approval or closed");
  EXPECT_EQ(refusal("data = 1979-05-27\n"), "kith.toml:1: data must be a folder");
  EXPECT_EQ(refusal("listen = [[\"a\"]]\n"), "kith.toml:1: listen must be HOST:PORT, such as 127.0.0.1:8080");
}

TEST_F(SettingsFile, WhatIsNoSettingsFileIsToldWithItsLine) {
  EXPECT_THAT(refusal("data = \"x\"\nlisten = \n"), HasSubstr("kith.toml:2: this is not TOML: "));
  EXPECT_THAT(refusal("data = \"x\"\ndata = \"y\"\n"), HasSubstr("kith.toml:2: this is not TOML: "));
  EXPECT_THAT(refusal("data = \"\xff\"\n"), HasSubstr("this is not TOML"));
  EXPECT_THAT(refusal(std::string(settings_file_bytes_max + 1, '#')), HasSubstr("larger than 1 MiB"));
  try {
    load_settings("/nowhere/kith.toml", {});
    FAIL() << "read a file that is not there";
  } catch (Error const& error) {
    EXPECT_EQ(error.say, "Cannot read the settings file /nowhere/kith.toml: No such file or directory");
  }
  EXPECT_THROW(load_settings(testing::TempDir(), {}), Error);
}

TEST_F(SettingsFile, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_THAT(refusal("tls_listen = \":8443\"\n"), HasSubstr("needs tls_certificate and tls_key"));
  EXPECT_THAT(refusal("tls_key = \"k\"\n"), HasSubstr("belong together"));
  EXPECT_THAT(refusal("famous_followers_up = 100\n"), HasSubstr("must be less than famous_followers_up"));
  EXPECT_THAT(refusal("mail = \"smtp\"\n"), HasSubstr("mail_smtp_host names no server"));
  EXPECT_THAT(refusal("mail_smtp_tls = \"none\"\nmail_smtp_user = \"me\"\n"), HasSubstr("in the clear"));
  EXPECT_THAT(refusal("listen = []\n"), HasSubstr("nobody could reach"));
  EXPECT_THAT(
      refusal("roles = [\"gateways\"]\n"),
      HasSubstr("roles is 'gateways', but must be all, gateway, core, auth, social, timeline or notifications; did you "
                "mean 'gateway'?"));
}

TEST_F(SettingsFile, RolesApartNeedServersCertificatesAndAddresses) {
  std::string const servers =
      "engines_strict = \"postgres\"\npostgres_servers = [\"postgresql://db\"]\n"
      "engines_wide = \"cassandra\"\ncassandra_servers = [\"wide:9042\"]\n"
      "engines_log = \"kafka\"\nkafka_servers = [\"log:9092\"]\n"
      "engines_keys = \"postgres\"\nkeys_server = \"postgresql://keys\"\nserver_key = \"k\"\n"
      "engines_cache = \"redis\"\nredis_servers = [\"redis://cache:6379\"]\n";
  std::string const certificate = "rpc_certificate = \"c\"\nrpc_key = \"k\"\nrpc_authority = \"a\"\n";
  std::string const files = certificate + "base_url = \"https://kith.example\"\n";
  std::string const timeline = "roles = [\"timeline\"]\n";
  EXPECT_THAT(refusal(timeline), HasSubstr("with an engine in the data folder roles may be all, or core and gateway"));
  EXPECT_THAT(refusal("rpc_key = \"k\"\n"), HasSubstr("rpc_certificate, rpc_key and rpc_authority belong together"));
  EXPECT_THAT(refusal(files + "rpc_core = [\"service:kith-core\"]\nroles = [\"gateway\"]\n"),
              HasSubstr("consul_server names no Consul"));
  EXPECT_THAT(refusal(files + "rpc_register = \"kith\"\nconsul_server = \"http://127.0.0.1:8500\"\n"),
              HasSubstr("rpc_listen says nowhere where it answers"));
  EXPECT_THAT(refusal("rpc_listen = [\"service:kith\"]\n"), HasSubstr("rpc_listen"));
  EXPECT_THAT(refusal("rpc_core = [\"tcp:core:7001\"]\n"), HasSubstr("only with mutual TLS: set rpc_certificate"));
  EXPECT_THAT(refusal("rpc_listen = [\"tcp:core:7001\"]\n"), HasSubstr("only with mutual TLS: set rpc_certificate"));
  EXPECT_THAT(refusal("rpc_core = [\"core:7001\"]\n"), HasSubstr("rpc_core is 'core:7001', but must be tcp:HOST:PORT"));
  EXPECT_THAT(refusal(timeline + servers), HasSubstr("roles is 'timeline', but rpc_social names no process"));
  EXPECT_THAT(refusal(timeline + servers + files + "rpc_social = [\"tcp:s:1\"]\n"),
              HasSubstr("but rpc_notifications names no process that does notifications"));
  Settings const part =
      read(timeline + servers + files + "rpc_social = [\"tcp:s:1\", \"tcp:s:2\"]\nrpc_notifications = [\"tcp:n:1\"]\n");
  EXPECT_TRUE(has_role(part, "timeline"));
  EXPECT_FALSE(has_role(part, "social"));
  EXPECT_EQ(read(timeline + servers + files + "rpc_core = [\"tcp:c:1\"]\n").rpc_core.size(), 1u);
  // A gateway may be anywhere, and the core beside its own engines.
  EXPECT_EQ(read("roles = [\"gateway\"]\n" + files + "rpc_core = [\"tcp:c:1\"]\n").rpc_core.size(), 1u);
  EXPECT_THAT(refusal("roles = [\"gateway\"]\n" + files + "rpc_auth = [\"tcp:c:1\"]\n"),
              HasSubstr("rpc_social names no process"));
  // Each of them knows how people reach the community only when it is told.
  for (std::string const& apart : {timeline + servers + "rpc_core = [\"tcp:c:1\"]\n",
                                   std::string("roles = [\"gateway\"]\nrpc_core = [\"tcp:c:1\"]\n"),
                                   std::string("roles = [\"core\"]\nrpc_listen = [\"tcp:c:1\"]\n")})
    EXPECT_THAT(refusal(apart + certificate), HasSubstr("but base_url does not say how people reach the community"));
  EXPECT_EQ(read(servers + certificate + "rpc_core = [\"tcp:c:1\"]\n").base_url, "");  // which does everything
  Settings const core = read("roles = [\"core\"]\n");
  EXPECT_TRUE(has_role(core, "social"));
  EXPECT_FALSE(has_role(core, "gateway"));
}

TEST_F(SettingsFile, APasswordMayLieInAFileOfItsOwn) {
  std::string const file = testing::TempDir() + "password";
  std::ofstream(file) << "se cret\n";
  EXPECT_EQ(read("mail_smtp_password_file = \"" + file + "\"\n").mail_smtp_password, "se cret");
  EXPECT_THAT(refusal("mail_smtp_password_file = \"" + file + "\"\nmail_smtp_password = \"x\"\n"),
              HasSubstr("one of them"));
  std::filesystem::remove(file);
  EXPECT_THAT(refusal("mail_smtp_password_file = \"" + file + "\"\n"), HasSubstr("Cannot read a password"));
}

TEST_F(SettingsFile, SecretsAreNeverPrinted) {
  Settings const settings = read("mail_smtp_password = \"hunter2\"\n");
  EXPECT_EQ(settings_file(settings, "").find("hunter2"), std::string::npos);
  for (auto const& one : describe_settings(settings)) EXPECT_EQ(one.value.find("hunter2"), std::string::npos);
}

TEST_F(SettingsFile, WhatIsPrintedIsReadBackTheSame) {
  Settings settings;
  settings.community_name = "A \"quoted\" \\ name\nof two lines \x01 æ";
  settings.community_rules = {"Be kind, always", "\"No\" spam"};
  settings.listen = {":1", "[::1]:2"};
  settings.rate_limits = false;
  settings.password_memory = 12'345'678;
  settings.request_deadline = 1'500ms;
  settings.cache_eviction = CacheEviction::sliding_window;
  EXPECT_EQ(read(settings_file(settings, "# head\n")), settings);
}

TEST(Settings, EachHasAMeaningAndAnEnvironmentFormOfItsOwn) {
  std::set<std::string> names, forms;
  for (auto const& one : describe_settings({})) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_TRUE(forms.insert(one.environment).second) << one.environment;
    EXPECT_FALSE(one.meaning.empty() || one.values.empty() || one.by_default.empty()) << one.name;
    EXPECT_EQ(one.by_default, one.value);
  }
  for (char const* form : {"KITH_RATE_LIMITS", "KITH_SIGN_UP", "KITH_CONFIRM_EMAIL", "KITH_DATA", "KITH_LISTEN"})
    EXPECT_TRUE(forms.contains(form)) << form;
}

// The example that ships is the defaults, printed: `head` is its own, all else comes from the table.
TEST(Settings, TheEmbeddedProfileIsTheDefaults) {
  std::ifstream in(KITH_PROFILES "/embedded.toml", std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  std::string const file = text.str();
  std::string const head = file.substr(0, file.find("\n# --- "));
  std::string const right = settings_file({}, head);
  if (file != right && std::getenv("KITH_WRITE_PROFILE")) std::ofstream(KITH_PROFILES "/embedded.toml") << right;
  EXPECT_EQ(file, right) << "run this test once with KITH_WRITE_PROFILE=1";
  EXPECT_EQ(load_settings(KITH_PROFILES "/embedded.toml", {}).settings, Settings{});
}

TEST_F(SettingsFile, StrictTablesOnServersNeedAServer) {
  EXPECT_EQ(refusal("[engines]\nstrict = \"postgres\""),
            "engines_strict is postgres, but postgres_servers names no server");
  EXPECT_EQ(refusal("[engines]\nstrict = \"postgres\"\n[postgres]\nservers = [\"postgresql://kith@db1/kith\"]"),
            "accepted");
  EXPECT_EQ(refusal("[engines]\nstrict = \"cassandra\""),
            "kith.toml:2: engines_strict is 'cassandra', but must be embedded or postgres");
}

TEST_F(SettingsFile, WideTablesOnServersNeedAServerAndTheStrictOnesThereToo) {
  EXPECT_EQ(refusal("[engines]\nwide = \"cassandra\""),
            "engines_wide is cassandra, but cassandra_servers names no server");
  std::string const node = "[cassandra]\nservers = [\"node1:9042\"]\n";
  EXPECT_EQ(refusal("[engines]\nwide = \"cassandra\"\n" + node),
            "engines_wide is cassandra, which needs the strict tables on servers too: set engines_strict to postgres");
  std::string const both =
      "[engines]\nstrict = \"postgres\"\nwide = \"cassandra\"\n[postgres]\nservers = "
      "[\"postgresql://kith@db1/kith\"]\n" +
      node;
  EXPECT_EQ(refusal(both), "accepted");
  EXPECT_EQ(refusal(both + "keyspace = \"\""), "cassandra_keyspace must not be empty");
  EXPECT_EQ(refusal(both + "password_file = \"p\""),
            "cassandra_password_file is set, but cassandra_user names nobody it belongs to");
}

TEST_F(SettingsFile, KeysOnServersNeedAServerAndArePartOfEverythingThere) {
  EXPECT_EQ(refusal("[engines]\nkeys = \"postgres\""), "engines_keys is postgres, but keys_server names no server");
  std::string const engines = "[engines]\nstrict = \"postgres\"\nwide = \"cassandra\"\nlog = \"kafka\"\n";
  std::string const servers =
      "[postgres]\nservers = [\"postgresql://kith@db1/kith\"]\n[cassandra]\nservers = "
      "[\"wide1:9042\"]\n[kafka]\nservers = [\"log1:9092\"]\n";
  EXPECT_THAT(refusal(engines + servers), HasSubstr("engines_keys is embedded: set it to postgres"));
  EXPECT_EQ(refusal(engines + "keys = \"postgres\"\n" + servers + "[keys]\nserver = \"postgresql://kith@db1/keys\""),
            "accepted");
}

TEST_F(SettingsFile, ALogOnServersNeedsAServerAndTheTablesThereToo) {
  EXPECT_EQ(refusal("[engines]\nlog = \"kafka\""), "engines_log is kafka, but kafka_servers names no server");
  EXPECT_EQ(refusal("[engines]\nlog = \"kafka\"\n[kafka]\nservers = [\"log1:9092\"]"),
            "engines_log is kafka, which needs the strict tables on servers too: set engines_strict to postgres");
  EXPECT_EQ(refusal("[engines]\nstrict = \"postgres\"\nlog = \"kafka\"\n[postgres]\nservers = "
                    "[\"postgresql://kith@db1/kith\"]\n[kafka]\nservers = [\"log1:9092\"]"),
            "accepted");
}

TEST(Settings, TheDistributedProfileNamesItsEngines) {
  Settings const settings = load_settings(KITH_PROFILES "/distributed.toml", {}).settings;
  EXPECT_EQ(settings.engines_strict, StrictEngine::postgres);
  EXPECT_THAT(settings.postgres_servers, testing::SizeIs(2));
  EXPECT_FALSE(settings.postgres_password_file.empty());
  EXPECT_EQ(settings.engines_keys, KeysEngine::postgres);
  EXPECT_FALSE(settings.keys_server.empty() || settings.keys_password_file.empty() || settings.server_key.empty());
  EXPECT_EQ(settings.engines_wide, WideEngine::cassandra);
  EXPECT_THAT(settings.cassandra_servers, testing::SizeIs(3));
  EXPECT_FALSE(settings.cassandra_password_file.empty() || settings.cassandra_tls_authority.empty());
  EXPECT_EQ(settings.engines_cache, SharedEngine::redis);
  EXPECT_EQ(settings.engines_bus, SharedEngine::redis);
  EXPECT_THAT(settings.redis_servers, testing::SizeIs(3));
  EXPECT_FALSE(settings.redis_password_file.empty());
  EXPECT_EQ(settings.engines_log, LogEngine::kafka);
  EXPECT_THAT(settings.kafka_servers, testing::SizeIs(3));
  EXPECT_FALSE(settings.kafka_password_file.empty());
  SettingFrom const timeline{"roles", "timeline", "--roles"};
  EXPECT_FALSE(load_settings(KITH_PROFILES "/distributed.toml", {}, {timeline}).settings.base_url.empty());
}

TEST_F(SettingsFile, WhatIsSharedOnServersNeedsAServer) {
  EXPECT_EQ(refusal("[engines]\ncache = \"redis\""), "engines_cache is redis, but redis_servers names no server");
  EXPECT_EQ(refusal("[engines]\nbus = \"redis\""), "engines_bus is redis, but redis_servers names no server");
  EXPECT_EQ(refusal("[engines]\nbus = \"redis\"\n[redis]\nservers = [\"redis://cache1\"]"), "accepted");
  EXPECT_EQ(refusal("redis_tls_key = \"key.pem\""),
            "redis_tls_certificate and redis_tls_key belong together: set both or none");
  EXPECT_EQ(refusal("redis_prefix = \"{kith}\""),
            "redis_prefix must be without braces, which would put all keys on one server");
}

TEST(Words, SizesAndTimesAreReadAndPrinted) {
  EXPECT_EQ(parse_bytes("64 MiB"), 64u << 20);
  EXPECT_EQ(parse_bytes("64MiB"), 64u << 20);
  EXPECT_EQ(parse_bytes("512"), 512u);
  EXPECT_EQ(bytes_text(64 << 20), "64 MiB");
  EXPECT_EQ(bytes_text(1'000), "1000 B");
  EXPECT_EQ(parse_duration("90 s"), Duration(90s));
  EXPECT_EQ(duration_text(90s), "90 s");
  EXPECT_EQ(duration_text(24h), "1 d");
  EXPECT_EQ(duration_text(0s), "0 s");
  for (char const* wrong : {"", "s", "1", "-1 s", "1.5 s", "1 year", "99999999999999999999 s", "9223372036854775807 d"})
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  for (char const* wrong : {"", "MiB", "64 MB", "-1", "99999999999 GiB"}) EXPECT_FALSE(parse_bytes(wrong)) << wrong;
}

TEST(Words, AddressesAreRecognised) {
  for (char const* right : {"127.0.0.1:80", ":80", "*:80", "[::1]:80", "localhost:0", "a-b.example:65535"})
    EXPECT_TRUE(is_listen(right)) << right;
  for (char const* wrong :
       {"", "80", "localhost", "localhost:", "localhost:65536", "a b:80", "[::1]", "::1:80", "http://x:80"})
    EXPECT_FALSE(is_listen(wrong)) << wrong;
  for (char const* right : {"", "rpc", "/run/kith", "a:b"}) EXPECT_TRUE(is_folder(right)) << right;
  for (char const* wrong : {"tcp:10.0.0.1", "tcp://10.0.0.1:5000", "core.example:5000", ":5000", "unix:///run/kith"})
    EXPECT_FALSE(is_folder(wrong)) << wrong;
  for (char const* right : {"", "https://kith.example", "http://localhost:8080", "https://[::1]:8443"})
    EXPECT_TRUE(is_base_url(right)) << right;
  for (char const* wrong :
       {"kith.example", "https://", "https://kith.example/", "https://a b", "ftp://x", "https://x:y"})
    EXPECT_FALSE(is_base_url(wrong)) << wrong;
  for (char const* right : {"10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1"}) EXPECT_TRUE(is_range(right)) << right;
  for (char const* wrong : {"", "proxy", "10.0.0.0/33", "10.0.0.0/", "fd00::/129"})
    EXPECT_FALSE(is_range(wrong)) << wrong;
}

TEST(Words, WebAddressesMayHaveAPath) {
  for (char const* const right :
       {"https://kith.example", "http://kith.example:8080/~ada/kith?ref=main", "https://a.b/"})
    EXPECT_TRUE(is_web_address(right)) << right;
  for (char const* const wrong : {"", "kith.example/source", "ftp://kith.example/", "https://", "https:///source",
                                  "https://kith.example/a b", "https://kith.example/\"\n"})
    EXPECT_FALSE(is_web_address(wrong)) << wrong;
}

TEST(Words, TheNearestIsFoundOnlyWhenItIsNear) {
  std::vector<std::string_view> const words = {"rate_limits", "roles", "data"};
  EXPECT_EQ(nearest("rate_limit", words), "rate_limits");
  EXPECT_EQ(nearest("role", words), "roles");
  EXPECT_EQ(nearest("dtaa", words), "data");
  EXPECT_EQ(nearest("community", words), "");
  EXPECT_EQ(nearest(std::string(1'000, 'x'), words), "");
}

TEST(CacheMemoryTest, SuitsTheMachineUnlessItIsSaid) {
  constexpr std::uint64_t mebibyte = 1 << 20;
  EXPECT_EQ(cache_memory_of(512 * mebibyte), 128 * mebibyte);
  EXPECT_EQ(cache_memory_of(4 * 1024 * mebibyte), 4 * 1024 * mebibyte / 12);
  EXPECT_EQ(cache_memory_of(64 * 1024 * mebibyte), 1024 * mebibyte);
  EXPECT_EQ(cache_memory(Settings{.cache_memory = 3 * mebibyte}), 3 * mebibyte);
  EXPECT_GE(cache_memory(Settings{}), 128 * mebibyte);
}

}  // namespace
}  // namespace kith
