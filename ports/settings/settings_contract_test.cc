// One suite for every source of shared settings.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>

#include "ports/settings/consul.h"
#include "ports/settings/consul_test_world.h"
#include "ports/settings/memory.h"

namespace kith {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Values = SettingsSource::Values;

using Change = MemorySettings::Change;

struct World {
  std::unique_ptr<SettingsSource> source;
  std::function<void(Change const&)> change;
};

struct Engine {
  std::string name;
  std::function<World()> fresh;
};

World memory() {
  auto source = std::make_unique<MemorySettings>();
  auto& memory = *source;
  return {std::move(source), [&memory](Change const& change) { memory.change(change); }};
}

World consul() {
  static int made = 0;
  std::string const folder = "test/" + std::to_string(++made);
  return {std::make_unique<ConsulSettings>(contract::consul_place(), folder), [folder](Change const& change) {
            Change keys;
            for (auto const& [name, text] : change) keys[folder + "/" + name] = text;
            contract::change_consul(keys);
          }};
}

std::vector<Engine> engines() {
  std::vector<Engine> all{{"memory", memory}};
  if (contract::consul_is_here()) all.push_back({"consul", consul});
  return all;
}

class SettingsSourceContract : public testing::TestWithParam<Engine> {
 protected:
  std::vector<std::string> texts(Values const& values) {
    std::vector<std::string> texts;
    for (auto const& value : values) texts.push_back(value.name + "=" + value.text);
    return texts;
  }
  // What is handed out next; the watch waits in a thread of its own, as it does in a server.
  std::vector<std::string> next(Change const& change) {
    auto waiting = std::async(std::launch::async, [this] { return world_.source->changed(); });
    world_.change(change);
    return texts(waiting.get().value());
  }

  World world_ = GetParam().fresh();
};

TEST_P(SettingsSourceContract, NothingIsThereAtFirst) {
  EXPECT_THAT(world_.source->read(), IsEmpty());
  EXPECT_THAT(next({{"sign_up", "closed"}}), ElementsAre("sign_up=closed"));
}

TEST_P(SettingsSourceContract, AllIsHandedOutByNameWithItsPlace) {
  world_.change({{"sign_up", "closed"}, {"community_rules", "Be kind\nNo spam, æ"}, {"empty", ""}});
  auto const values = world_.source->read();
  EXPECT_THAT(texts(values), ElementsAre("community_rules=Be kind\nNo spam, æ", "empty=", "sign_up=closed"));
  EXPECT_NE(values[2].where.find("sign_up"), std::string::npos) << values[2].where;
}

TEST_P(SettingsSourceContract, AChangeIsHandedOutWhole) {
  world_.change({{"a", "1"}, {"b", "1"}});
  world_.source->read();
  EXPECT_THAT(next({{"a", "2"}, {"b", "2"}}), ElementsAre("a=2", "b=2"));
  EXPECT_THAT(next({{"a", std::nullopt}}), ElementsAre("b=2"));
  EXPECT_THAT(next({{"b", std::nullopt}}), IsEmpty());
}

TEST_P(SettingsSourceContract, AChangeBetweenTwoQuestionsIsNotMissed) {
  world_.source->read();
  world_.change({{"a", "1"}});
  EXPECT_THAT(texts(world_.source->changed().value()), ElementsAre("a=1"));
}

TEST_P(SettingsSourceContract, WhatStaysTheSameIsNoChange) {
  world_.change({{"a", "1"}});
  world_.source->read();
  world_.change({{"a", "1"}});
  EXPECT_THAT(next({{"b", "1"}}), ElementsAre("a=1", "b=1"));
}

TEST_P(SettingsSourceContract, AStopEndsTheWait) {
  world_.source->read();
  auto waiting = std::async(std::launch::async, [this] { return world_.source->changed(); });
  world_.source->stop();
  EXPECT_EQ(waiting.get(), std::nullopt);
  EXPECT_EQ(world_.source->changed(), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Engines, SettingsSourceContract, testing::ValuesIn(engines()),
                         [](auto const& info) { return info.param.name; });

}  // namespace
}  // namespace kith
