#include "app/live_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/settings_table.h"
#include "base/error.h"
#include "ports/settings/memory.h"

namespace kith {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string refusal(SettingsTold told) {
  try {
    load_settings(told);
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::invalid);
    return error.say;
  }
  return "accepted";
}

SettingFrom shared(std::string name, std::string value) {
  std::string where = "kith/" + name + " in Consul";
  return {std::move(name), std::move(value), std::move(where)};
}

TEST(SharedSettings, LieOverTheFileAndUnderTheEnvironment) {
  std::string const file = testing::TempDir() + "shared.toml";
  std::ofstream(file) << "sign_up = \"approval\"\nrate_limits = false\npost_characters_max = 100\n";
  Settings const settings = load_settings({.file = file,
                                           .shared = {shared("sign_up", "closed"), shared("post_characters_max", "200"),
                                                      shared("community_rules", "Be kind, always\nNo spam")},
                                           .environment = {{"KITH_POST_CHARACTERS_MAX", "300"}}})
                                .settings;
  std::filesystem::remove(file);
  EXPECT_EQ(settings.sign_up, SignUp::closed);
  EXPECT_FALSE(settings.rate_limits);
  EXPECT_EQ(settings.post_characters_max, 300U);
  EXPECT_THAT(settings.community_rules, ElementsAre("Be kind, always", "No spam"));
}

TEST(SharedSettings, WhatIsWrongIsOneSentenceWithItsKey) {
  EXPECT_EQ(refusal({.shared = {shared("sign_up", "opn")}}),
            "kith/sign_up in Consul is 'opn', but must be open, approval or closed");
  EXPECT_EQ(refusal({.shared = {shared("sing_up", "open")}}),
            "kith/sing_up in Consul is no setting: did you mean 'sign_up'?");
  EXPECT_THAT(
      refusal({.shared = {shared("mail_smtp_password", "hunter2")}}),
      testing::AllOf(HasSubstr("mail_smtp_password in Consul is a secret"), testing::Not(HasSubstr("hunter2"))));
  EXPECT_THAT(refusal({.shared = {shared("consul_server", "http://10.0.0.1:8500")}}), HasSubstr("consul_server"));
}

TEST(SharedSettings, MayCompleteThoseOfTheFile) {
  SettingsTold told{.environment = {{"KITH_ENGINES_STRICT", "postgres"}}};
  EXPECT_THAT(refusal(told), HasSubstr("postgres_servers"));
  EXPECT_EQ(settings_so_far(told).engines_strict, StrictEngine::postgres);
  told.shared = {shared("postgres_servers", "postgresql://kith@127.0.0.1/kith")};
  EXPECT_EQ(refusal(told), "accepted");
}

TEST(SharedSettings, NeedToKnowTheirConsul) {
  EXPECT_EQ(refusal({.environment = {{"KITH_CONSUL_SETTINGS", "kith"}}}),
            "consul_settings names a folder, but consul_server names no Consul");
  for (char const* wrong : {"/kith", "kith/", "a//b", "a b"})
    EXPECT_THAT(refusal({.environment = {{"KITH_CONSUL_SETTINGS", wrong}}}), HasSubstr("KITH_CONSUL_SETTINGS"))
        << wrong;
  EXPECT_EQ(refusal({.environment = {{"KITH_CONSUL_SETTINGS", "teams/kith"}, {"KITH_CONSUL_SERVER", "http://a:1"}}}),
            "accepted");
}

TEST(ChangeOfSettings, TakesWhatIsLiveAndNamesTheRest) {
  Settings const current;
  Settings wanted;
  wanted.sign_up = SignUp::closed;
  wanted.rate_limits = false;
  wanted.listen = {"127.0.0.1:9"};
  wanted.community_name = "Elsewhere";
  SettingsChange const change = change_live(current, wanted);
  EXPECT_THAT(change.changed, ElementsAre("sign_up", "rate_limits"));
  EXPECT_THAT(change.waiting, ElementsAre("listen", "community_name"));
  Settings expected;
  expected.sign_up = SignUp::closed;
  expected.rate_limits = false;
  EXPECT_EQ(change.settings, expected);
}

TEST(ChangeOfSettings, NothingThatSaysWhereThingsAreIsLive) {
  for (Setting const& one : all_settings())
    for (char const* fixed :
         {"engines_", "postgres_", "cassandra_", "redis_", "kafka_", "keys_", "rpc_", "tls_", "consul_"})
      EXPECT_FALSE(one.live && one.name.starts_with(fixed)) << one.name;
  for (char const* name : {"data", "listen", "roles", "base_url", "server_key", "mail_smtp_password"})
    EXPECT_FALSE(find_setting(name)->live) << name;
}

class FollowedSettings : public testing::Test {
 protected:
  void SetUp() override {
    source_.set("sign_up", "approval");
    told_.shared = shared_settings(source_.read());
  }
  void TearDown() override { std::filesystem::remove(told_.file); }

  void begin() {
    live_ = std::make_unique<LiveSettings>(LiveSettings::Needs{.told = told_,
                                                               .current = load_settings(told_).settings,
                                                               .source = &source_,
                                                               .apply =
                                                                   [this](Settings const& settings) {
                                                                     std::lock_guard const lock(mutex_);
                                                                     applied_.push_back(settings);
                                                                     wake_.notify_all();
                                                                   },
                                                               .metrics = metrics_,
                                                               .pause_first = std::chrono::milliseconds{1},
                                                               .pause_most = std::chrono::milliseconds{4}});
  }
  // What was applied as the n-th; waits for it.
  Settings applied(std::size_t number) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return applied_.size() >= number; });
    return applied_[number - 1];
  }
  void wait_until(std::string const& metric) {
    while (metrics_.text().find("\n" + metric + "\n") == std::string::npos) std::this_thread::yield();
  }

  MemorySettings source_;
  SettingsTold told_;
  Metrics metrics_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Settings> applied_;
  std::unique_ptr<LiveSettings> live_;  // last, so that it ends before what it applies to
};

TEST_F(FollowedSettings, AChangeIsAppliedAsAWhole) {
  begin();
  source_.set("sign_up", "closed");
  EXPECT_EQ(applied(1).sign_up, SignUp::closed);
  source_.change({{"sign_up", std::nullopt}});
  EXPECT_EQ(applied(2), Settings{});
  wait_until("kith_settings_changes_total{outcome=\"applied\"} 2");
}

TEST_F(FollowedSettings, AnInvalidChangeIsRefusedAndTheOneBeforeStays) {
  begin();
  source_.set("sign_up", "perhaps");
  wait_until("kith_settings_refused 1");
  EXPECT_TRUE(live_->behind());
  EXPECT_EQ(applied_.size(), 0U);
  // Also what is valid by itself waits for the whole.
  source_.set("rate_limits", "off");
  source_.set("sign_up", "closed");
  Settings const then = applied(1);
  EXPECT_EQ(then.sign_up, SignUp::closed);
  EXPECT_FALSE(then.rate_limits);
  wait_until("kith_settings_refused 0");
  wait_until("kith_settings_changes_total{outcome=\"refused\"} 1");
}

TEST_F(FollowedSettings, WhatDoesNotGoTogetherIsRefused) {
  begin();
  source_.set("famous_followers_down", "20000");
  wait_until("kith_settings_refused 1");
  source_.set("famous_followers_up", "30000");
  wait_until("kith_settings_refused 0");
  wait_until("kith_settings_waiting 2");
}

TEST_F(FollowedSettings, WhatIsNotLiveWaitsForTheNextStart) {
  begin();
  source_.set("listen", "127.0.0.1:9");
  wait_until("kith_settings_waiting 1");
  source_.set("sign_up", "closed");
  EXPECT_EQ(applied(1).listen, Settings{}.listen);
  EXPECT_FALSE(live_->behind());
}

TEST_F(FollowedSettings, ASourceThatIsAwayIsAskedAgainAndTheOnesBeforeStay) {
  begin();
  source_.go_away();
  wait_until("kith_settings_away 1");
  EXPECT_TRUE(live_->behind());
  source_.set("sign_up", "closed");
  EXPECT_EQ(applied(1).sign_up, SignUp::closed);
  wait_until("kith_settings_away 0");
}

TEST_F(FollowedSettings, TheFileIsReadAgainWhenItIsAskedFor) {
  told_.file = testing::TempDir() + "live.toml";
  std::ofstream(told_.file) << "rate_limits = false\n";
  begin();
  std::ofstream(told_.file) << "rate_limits = true\nsign_up = \"closed\"\n";
  live_->reread();
  Settings const now = applied(1);
  EXPECT_TRUE(now.rate_limits);
  EXPECT_EQ(now.sign_up, SignUp::approval) << "what is shared lies over the file";
  std::ofstream(told_.file) << "rate_limits = 7\n";
  live_->reread();
  EXPECT_TRUE(live_->behind());
  EXPECT_EQ(applied_.size(), 1U);
}

}  // namespace
}  // namespace kith
