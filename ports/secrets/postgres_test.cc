// Keys in a PostgreSQL database: what several processes, operators and backups find there.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/random/engines.h"
#include "ports/secrets/postgres_test_world.h"

namespace kith {

PostgresKeysOptions contract::KeysDatabase::options(std::string const& folder) const {
  std::filesystem::create_directories(folder);
  return {.server = server_.database(name_),
          .password_file = server_.password_file(),
          .deadline = std::chrono::seconds{30},
          .server_key = folder + "/server.key"};
}

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

class KeysOnServers : public testing::Test {
 protected:
  static constexpr AccountId ada{7}, bob{8};

  static void SetUpTestSuite() {
    if (!contract::PostgresServer::here()) GTEST_SKIP() << "PostgreSQL is not installed: ./dev engines up postgres";
  }
  ~KeysOnServers() override { fs::remove_all(folder); }

  std::unique_ptr<PostgresKeys> process() {
    return std::make_unique<PostgresKeys>(PostgresKeys::Needs{clock, random, workers}, options);
  }
  std::string refusal() {
    try {
      process();
      return "opened";
    } catch (Error const& error) {
      return error.say;
    }
  }
  DataKeyPtr get(PostgresKeys& keys, AccountId owner) { return run(keys.get(owner)); }

  std::string folder = testing::TempDir() + "server_key";
  FakeClock clock;
  SystemRandom random;
  Workers workers{2};
  contract::KeysDatabase database;
  PostgresKeysOptions options = database.options(folder);
};

TEST_F(KeysOnServers, ProcessesShareThem) {
  auto const one = process(), other = process();
  run(one->create(ada));
  ASSERT_NE(get(*other, ada), nullptr);
  EXPECT_EQ(*get(*one, ada), *get(*other, ada));
  EXPECT_EQ(one->server_key().derive("names"), other->server_key().derive("names"));
  run(other->create(ada));
  run(other->create(bob));
  EXPECT_EQ(*get(*one, ada), *get(*other, ada)) << "made twice, it is the first one";
  // What one destroys the other has for a minute at most.
  run(one->destroy(ada));
  EXPECT_EQ(get(*one, ada), nullptr);
  clock.advance(std::chrono::minutes{1});
  EXPECT_EQ(get(*other, ada), nullptr);
  EXPECT_NE(get(*other, bob), nullptr);
}

TEST_F(KeysOnServers, ManyProcessesStartAndMakeTheSameKeysAtOnce) {
  std::vector<AccountId> owners;
  for (std::uint64_t i = 1; i <= 200; ++i) owners.push_back(AccountId{i});
  make_server_key(options.server_key);
  std::vector<std::unique_ptr<PostgresKeys>> processes(4);
  std::vector<std::thread> threads;
  for (auto& each : processes)
    threads.emplace_back([&] {
      each = process();
      run(each->create_many(owners));
    });
  for (auto& thread : threads) thread.join();
  auto const later = process();
  for (AccountId const owner : owners)
    for (auto& each : processes) ASSERT_EQ(*get(*each, owner), *get(*later, owner));
}

TEST_F(KeysOnServers, APageOfKeysIsOneQuestion) {
  auto const maker = process(), reader = process();
  std::vector<AccountId> owners;
  for (std::uint64_t i = 1; i <= 40; ++i) owners.push_back(AccountId{i});
  run(maker->create_many(owners));
  auto const before = reader->stats().calls;
  run(reader->bring(owners));
  EXPECT_EQ(reader->stats().calls - before, 1u);
  database.ask("ALTER TABLE kith_keys.keys RENAME TO away");
  for (AccountId const owner : owners) EXPECT_NE(get(*reader, owner), nullptr);
}

TEST_F(KeysOnServers, AreOpenedByTheServersKeyAlone) {
  run(process()->create(ada));
  fs::path const file = options.server_key, away = folder + "/away";
  fs::rename(file, away);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("server.key is missing"), HasSubstr("PostgreSQL at 127.0.0.1:")));
  EXPECT_FALSE(fs::exists(file));
  make_server_key(file);
  EXPECT_THAT(refusal(), HasSubstr("is not the one that the keys in PostgreSQL at 127.0.0.1:"));
  fs::rename(away, file);
  EXPECT_NE(get(*process(), ada), nullptr);
}

TEST_F(KeysOnServers, ADestroyedKeyIsInNoFileOfTheTable) {
  auto const keys = process();
  std::vector<AccountId> owners;
  for (std::uint64_t i = 1; i <= 300; ++i) owners.push_back(AccountId{i});
  run(keys->create_many(owners));
  auto const stored = [&](AccountId owner) {
    return database.ask("SELECT encode(wrapped, 'hex') FROM kith_keys.keys WHERE account = " + to_string(owner));
  };
  auto const files_with = [&](std::string const& hex) {
    database.ask("CHECKPOINT");
    return database.ask(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'kith_keys'::regnamespace AND relkind = 'r' AND "
        "position('\\x" +
        hex + "'::bytea IN pg_read_binary_file(pg_relation_filepath(oid))) > 0");
  };
  std::string const adas = stored(ada), bobs = stored(bob);
  EXPECT_EQ(files_with(adas), "1");
  run(keys->destroy(ada));
  EXPECT_EQ(stored(ada), "00");
  EXPECT_EQ(files_with(adas), "0");
  EXPECT_EQ(files_with(bobs), "1");
  EXPECT_NE(get(*process(), bob), nullptr);
}

TEST_F(KeysOnServers, TlsIsSpokenWithWhomTheAuthorityVouchesForAlone) {
  auto const& server = contract::PostgresServer::own();
  std::string const plain = options.server;
  options.server = contract::PostgresServer::by_tls(plain, server.tls_authority());
  auto const keys = process();
  run(keys->create(ada));
  auto const lines = [&](std::string const& which) {
    return database.ask(
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'kith' AND "
        "datname = current_database() AND " +
        which);
  };
  EXPECT_NE(lines("ssl"), "0");
  EXPECT_EQ(lines("NOT ssl"), "0");
  // The server would take plain lines on the same port.
  options.server = contract::PostgresServer::by_tls(plain, contract::another_authority());
  EXPECT_THAT(refusal(), AllOf(HasSubstr("PostgreSQL cannot be reached at 127.0.0.1:"), HasSubstr("(keys_server): "),
                               HasSubstr("certificate verify failed")));
  options.server = plain;
  EXPECT_EQ(refusal(), "opened");
}

TEST_F(KeysOnServers, WhatIsWrongIsSaidInOneSentenceThatNamesTheSetting) {
  EXPECT_THAT(migrate_postgres_keys(options), testing::SizeIs(1));
  EXPECT_THAT(migrate_postgres_keys(options), IsEmpty());
  EXPECT_EQ(refusal(), "opened");
  PostgresKeysOptions const right = options;
  std::ofstream(folder + "/password") << "guessed\n";
  options.password_file = folder + "/password";
  EXPECT_THAT(refusal(), HasSubstr("refuses the password (keys_password_file)"));
  options = right;
  options.server = "postgresql://kith@127.0.0.1:1/keys";
  EXPECT_THAT(refusal(), HasSubstr("PostgreSQL cannot be reached at 127.0.0.1:1/keys (keys_server)"));
  options.server = "no = address = at = all";
  EXPECT_THAT(refusal(), HasSubstr("keys_server names what is no address"));
  options.server.clear();
  EXPECT_THAT(refusal(), HasSubstr("keys_server names no server"));
  options = right;
  database.ask("UPDATE kith_keys.facts SET value = '2' WHERE name = 'format'");
  EXPECT_THAT(refusal(), HasSubstr("written by a newer version of kith (format 2, this program knows 1)"));
  database.ask("UPDATE kith_keys.facts SET value = '1' WHERE name = 'format'");
  database.ask("CREATE SCHEMA kith");
  database.ask("CREATE TABLE kith.outbox (id bigint)");
  EXPECT_THAT(refusal(), HasSubstr("name one in keys_server that holds nothing else"));
}

}  // namespace
}  // namespace kith
