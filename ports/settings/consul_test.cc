#include "ports/settings/consul.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "ports/settings/consul_test_world.h"

namespace kith {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string said_by(ConsulPlace place) {
  try {
    ConsulSettings(std::move(place), "kith").read();
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::unavailable);
    return error.say;
  }
  return "accepted";
}

std::vector<std::string> read(std::string_view json) {
  std::vector<std::string> out;
  for (auto const& value : consul_values(json, "kith")) out.push_back(value.name + "=" + value.text);
  return out;
}

TEST(ConsulValues, AreReadByNameWithoutTheFolderItself) {
  EXPECT_THAT(read(R"([{"Key":"kith/","Value":null},{"Key":"kith/sign_up","Value":"Y2xvc2Vk","ModifyIndex":7},
                       {"Key":"kith/a/b","Value":null}])"),
              testing::ElementsAre("a/b=", "sign_up=closed"));
}

TEST(ConsulValues, TheEndOfTheLineOfAFileIsNoPartOfThem) {
  EXPECT_THAT(read(R"([{"Key":"kith/sign_up","Value":"Y2xvc2VkDQo="}])"), testing::ElementsAre("sign_up=closed"));
}

TEST(ConsulValues, WhatIsNoAnswerIsToldAsOne) {
  for (char const* text : {"", "<html>", "{}", "[1]", R"([{"Key":1,"Value":"YQ=="}])", R"([{"Key":"kith/a"}])"})
    EXPECT_THROW(consul_values(text, "kith"), Error) << text;
}

TEST(ConsulName, IsWhatNeedsNoEscape) {
  for (char const* right : {"kith", "kith-social", "a.b_c"}) EXPECT_TRUE(is_consul_name(right)) << right;
  for (char const* wrong : {"", "a/b", "a b", "a?b", "æ"}) EXPECT_FALSE(is_consul_name(wrong)) << wrong;
}

TEST(ConsulSettings, AServerThatIsAwayNamesTheSetting) {
  EXPECT_THAT(said_by({.server = "http://127.0.0.1:1"}), AllOf(HasSubstr("http://127.0.0.1:1 (consul_server)")));
}

TEST(ConsulSettings, AStoppedOneIsAskedNothing) {
  ConsulHttp http({.server = "http://127.0.0.1:1"});
  http.stop();
  EXPECT_EQ(http.get("/v1/kv/kith/"), std::nullopt);
  EXPECT_FALSE(http.pause(std::chrono::hours{1}));
}

class RealConsul : public testing::Test {
 protected:
  void SetUp() override {
    if (!contract::consul_is_here()) GTEST_SKIP() << "Consul is not built";
  }
};

TEST_F(RealConsul, AWrongTokenNamesTheSetting) {
  auto place = contract::consul_place();
  place.token_file = testing::TempDir() + "wrong-token";
  std::ofstream(place.token_file) << "11111111-2222-3333-4444-555555555555\n";
  EXPECT_THAT(said_by(place), HasSubstr("consul_token_file"));
}

// It is answered as if nothing was there; to somebody without any token Consul does not even say that it left out.
TEST_F(RealConsul, ATokenThatMayNotReadThemNamesTheSetting) {
  contract::change_consul({{"kith/sign_up", "closed"}});
  auto place = contract::consul_place();
  auto const made = ConsulHttp(place).put("/v1/acl/token", R"({"Description":"may nothing"})");
  ASSERT_TRUE(made);
  std::string const secret(boost::json::parse(made->body).at("SecretID").as_string());
  place.token_file = testing::TempDir() + "poor-token";
  std::ofstream(place.token_file) << secret << std::endl;
  EXPECT_THAT(said_by(place), HasSubstr("consul_token_file: not all of it may be read"));
}

TEST_F(RealConsul, TheLineCanBeEncrypted) {
  auto place = contract::consul_place();
  place.server = contract::own_consul().said("CONSUL_TLS");
  EXPECT_THAT(said_by(place), HasSubstr("consul_server")) << "nobody vouches for its certificate";
  place.authority = contract::own_consul().said("CONSUL_TLS_AUTHORITY");
  EXPECT_EQ(said_by(place), "accepted");
}

TEST_F(RealConsul, WhatChangedWhileItWasAwayIsHandedOutWhenItIsBack) {
  contract::change_consul({{"away/a", "1"}});
  ConsulSettings source(contract::consul_place(), "away");
  ASSERT_EQ(source.read().size(), 1U);
  contract::own_consul().crash();
  contract::change_consul({{"away/b", "2"}});
  std::optional<SettingsSource::Values> values;
  // The line that broke may be told first, and what is there once more.
  while (!values || values->size() < 2) {
    try {
      values = source.changed();
    } catch (Error const&) {
      values.reset();
    }
  }
  EXPECT_EQ(values->at(1).text, "2");
}

}  // namespace
}  // namespace kith
