#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/random/engines.h"
#include "ports/secrets/key_cache.h"
#include "ports/secrets/rocksdb.h"
#include "ports/table/memory.h"
#ifdef KITH_POSTGRES
#include "ports/secrets/postgres_test_world.h"
#endif

namespace kith {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr AccountId ada{7}, bob{8};

struct World {
  std::string folder = testing::TempDir() + "keys_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  FakeClock clock;
  SystemRandom random;
  Workers workers{2};
#ifdef KITH_POSTGRES
  std::optional<contract::KeysDatabase> database;
#endif
  std::unique_ptr<Keys> keys;

  World() { fs::remove_all(folder); }
  ~World() {
    keys.reset();
    fs::remove_all(folder);
  }
  StoredKeys& stored() {
    keys.reset();
    auto opened = std::make_unique<StoredKeys>(folder, StoredKeys::Needs{clock, random, workers});
    StoredKeys& reference = *opened;
    keys = std::move(opened);
    return reference;
  }
#ifdef KITH_POSTGRES
  void on_server() {
    database.emplace();
    keys = std::make_unique<PostgresKeys>(PostgresKeys::Needs{clock, random, workers}, database->options(folder));
  }
#endif
};

struct Engine {
  char const* name;
  void (*fresh)(World&);
};

class KeysContract : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override { GetParam().fresh(world_); }
  DataKeyPtr get(AccountId owner) { return run(world_.keys->get(owner)); }
  void create(AccountId owner) { run(world_.keys->create(owner)); }
  void destroy(AccountId owner) { run(world_.keys->destroy(owner)); }

  World world_;
};

TEST_P(KeysContract, WhoHasNoKeyGetsNone) {
  create(ada);
  EXPECT_EQ(get(bob), nullptr);
  EXPECT_EQ(get(AccountId{0}), nullptr);
}

TEST_P(KeysContract, EveryAccountHasItsOwnAndKeepsIt) {
  create(ada);
  create(bob);
  ASSERT_NE(get(ada), nullptr);
  EXPECT_NE(*get(ada), *get(bob));
  DataKey const first = *get(ada);
  create(ada);
  EXPECT_EQ(*get(ada), first);
}

TEST_P(KeysContract, ADestroyedKeyNeverComesBack) {
  create(ada);
  DataKeyPtr const held = get(ada);
  destroy(ada);
  EXPECT_EQ(get(ada), nullptr);
  create(ada);
  std::vector<AccountId> const both = {ada, bob};
  run(world_.keys->create_many(both));
  EXPECT_EQ(get(ada), nullptr);
  EXPECT_NE(get(bob), nullptr);
  EXPECT_NE(held, nullptr);  // who holds a copy keeps it to the end of their request
}

TEST_P(KeysContract, DestroyingBeforeCreatingHoldsAsWell) {
  destroy(ada);
  create(ada);
  EXPECT_EQ(get(ada), nullptr);
  destroy(ada);
}

TEST_P(KeysContract, ManyAreMadeAtOnceAndOnceEach) {
  create(ada);
  DataKey const first = *get(ada);
  std::vector<AccountId> owners;
  for (std::uint64_t i = 1; i <= 500; ++i) owners.push_back(AccountId{i});
  owners.push_back(bob);
  run(world_.keys->create_many(owners));
  EXPECT_EQ(*get(ada), first);
  for (AccountId owner : owners) ASSERT_NE(get(owner), nullptr);
}

TEST_P(KeysContract, WhatIsBroughtTogetherIsWhatEachGets) {
  create(ada);
  create(bob);
  destroy(bob);
  std::vector<AccountId> const asked = {bob, ada, AccountId{0}, AccountId{99}, ada};
  run(world_.keys->bring(asked));
  EXPECT_NE(get(ada), nullptr);
  EXPECT_EQ(get(bob), nullptr);
  EXPECT_EQ(get(AccountId{99}), nullptr);
}

std::vector<Engine> engines() {
  std::vector<Engine> all{{"memory", [](World& world) { world.keys = std::make_unique<MemoryKeys>(); }},
                          {"rocksdb", [](World& world) { world.stored(); }}};
#ifdef KITH_POSTGRES
  if (contract::PostgresServer::here()) all.push_back({"postgres", [](World& world) { world.on_server(); }});
#endif
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engines, KeysContract, testing::ValuesIn(engines()),
                         [](auto const& engine) { return std::string(engine.param.name); });

class Stored : public testing::Test {
 protected:
  World world_;

  std::string all_bytes() const {
    std::string all;
    for (auto const& entry : fs::directory_iterator(world_.folder + "/keys")) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      all += text.str();
    }
    return all;
  }
  std::string refusal() {
    try {
      world_.stored();
    } catch (Error const& error) {
      return error.say;
    }
    return "no refusal";
  }
};

TEST_F(Stored, KeysAndTheirEndsOutliveTheProcess) {
  run(world_.stored().create(ada));
  run(world_.keys->create(bob));
  DataKey const key = *run(world_.keys->get(ada));
  run(world_.keys->destroy(bob));
  auto& again = world_.stored();
  EXPECT_EQ(*run(again.get(ada)), key);
  run(again.create(bob));
  EXPECT_EQ(run(again.get(bob)), nullptr);
}

// So many lie in more files than are opened with the store.
TEST_F(Stored, TheKeysOfManyPeopleAreFoundAfterANewStart) {
  constexpr std::uint64_t people = 30'000;
  auto& before = world_.stored();
  for (std::uint64_t first = 1; first <= people; first += key_batch_max) {
    std::vector<AccountId> owners;
    for (std::uint64_t i = first; i < first + key_batch_max; ++i) owners.push_back(AccountId{i});
    run(before.create_many(owners));
  }
  auto& after = world_.stored();
  for (std::uint64_t i = 1; i <= people; i += 100) EXPECT_NE(run(after.get(AccountId{i})), nullptr) << i;
  EXPECT_EQ(run(after.get(AccountId{people + 1})), nullptr);
}

TEST_F(Stored, OnlyTheOwnerMayReadTheServersKey) {
  world_.stored();
  struct stat about{};
  ASSERT_EQ(stat((world_.folder + "/server.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((world_.folder + "/keys").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  world_.keys.reset();
  fs::permissions(world_.folder + "/server.key", fs::perms::group_read, fs::perm_options::add);
  EXPECT_NE(refusal().find("chmod 600"), std::string::npos);
}

TEST_F(Stored, DoesNotStartWithoutTheServersKeyOrWithAnother) {
  run(world_.stored().create(ada));
  world_.keys.reset();
  fs::path const file = world_.folder + "/server.key", away = world_.folder + "/away";
  fs::rename(file, away);
  EXPECT_NE(refusal().find("is missing"), std::string::npos) << refusal();
  EXPECT_FALSE(fs::exists(file));
  make_server_key(file);
  EXPECT_NE(refusal().find("is not the one"), std::string::npos) << refusal();
  fs::rename(away, file);
  EXPECT_NE(run(world_.stored().get(ada)), nullptr);
}

TEST_F(Stored, ADestroyedKeyIsInNoFile) {
  auto& keys = world_.stored();
  std::vector<AccountId> owners;
  for (std::uint64_t i = 1; i <= 300; ++i) owners.push_back(AccountId{i});
  run(keys.create_many(owners));
  std::string const before = all_bytes();
  run(keys.destroy(ada));
  std::string const after = all_bytes();
  // The sealed bytes follow the big-endian account id in the log: find them there, then nowhere.
  std::string const place("\0\0\0\0\0\0\0\7", 8);
  std::size_t at = before.find(place);
  ASSERT_NE(at, std::string::npos);
  std::string const sealed = before.substr(at + 8 + 1 + 26, 40);
  EXPECT_EQ(after.find(sealed), std::string::npos);
  EXPECT_NE(run(keys.get(bob)), nullptr);
}

TEST_F(Stored, ASecondProcessIsTold) {
  world_.stored();
  try {
    StoredKeys second(world_.folder, {world_.clock, world_.random, world_.workers});
    FAIL() << "two opened one store";
  } catch (Error const& error) {
    EXPECT_EQ(error.say, "The data folder " + world_.folder + " is in use by another process");
  }
}

TEST(KeyCache, IsBoundedInNumberAndTimeAndForgets) {
  FakeClock clock;
  KeyCache cache(clock, 2, 10min);
  auto const key = wiped_after_use(DataKey{1});
  cache.put(AccountId{1}, key, cache.ticket());
  cache.put(AccountId{2}, key, cache.ticket());
  EXPECT_NE(cache.get(AccountId{1}), nullptr);
  cache.put(AccountId{3}, key, cache.ticket());
  EXPECT_EQ(cache.get(AccountId{2}), nullptr);
  EXPECT_NE(cache.get(AccountId{1}), nullptr);
  clock.advance(10min);
  EXPECT_EQ(cache.get(AccountId{1}), nullptr);

  auto const ticket = cache.ticket();
  cache.forget(AccountId{4});
  cache.put(AccountId{4}, key, ticket);
  EXPECT_EQ(cache.get(AccountId{4}), nullptr);
}

}  // namespace
}  // namespace kith
