#pragma once

// For tests of the engine itself: a database of their own on a real server, and real time.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/table/contract_tables.h"
#include "ports/table/memory.h"
#include "ports/table/postgres/postgres.h"
#include "ports/table/postgres/server.h"

namespace kith {

class PostgresWorld : public testing::Test {
 protected:
  PostgresWorld() {
    server.create(database);
    options.servers = {server.database(database)};
    options.password_file = server.password_file();
    options.outbox_look = std::chrono::milliseconds{10};
  }
  ~PostgresWorld() override {
    store.reset();
    server.drop(database);
  }
  static void SetUpTestSuite() {
    if (!contract::PostgresServer::here()) GTEST_SKIP() << "PostgreSQL is not installed: ./dev engines up postgres";
  }

  void open() { store.emplace(needs(), options, tables); }
  PostgresStore::Needs needs() { return {clock, wide, log}; }
  // The sentence a start is refused with.
  std::string refusal() {
    try {
      PostgresStore const refused(needs(), options, tables);
      return "opened";
    } catch (Error const& error) {
      return error.say;
    }
  }
  std::string sql(std::string const& statement) { return server.ask(database, statement); }

  // Inserts a thing and counts it, as a service inserts a vote.
  Commit vote(std::uint64_t owner, std::string const& voter, OperationId operation) {
    Commit change;
    change.operation = operation;
    change.checks.push_back({contract::thing(owner, voter), std::nullopt});
    change.puts.push_back({contract::thing(owner, voter), contract::text_value("yes")});
    change.adds.push_back({contract::tally(owner, 1), contract::yes_field, 1});
    change.events.push_back({.id = EventId{operation}, .kind = "VoteCast", .key = "7", .body = voter});
    return change;
  }
  Outcome commit(Commit change) { return run(store->strict().commit(std::move(change))); }
  // The code of the error it ends with; nothing: done.
  std::optional<Code> refused(Commit change) {
    try {
      EXPECT_TRUE(commit(std::move(change)).done);
      return std::nullopt;
    } catch (Error const& error) {
      return error.code;
    }
  }
  RowPtr get(RowKey key) {
    std::vector<RowKey> one(1, std::move(key));
    return run(store->strict().get(std::move(one))).front();
  }
  std::int64_t votes(std::uint64_t owner) {
    RowPtr const row = get(contract::tally(owner, 1));
    std::string value = row ? contract::value_of(row) : std::string();
    return add_to_field(value, contract::yes_field, 0);
  }

  static inline int made = 0;
  contract::PostgresServer& server = contract::PostgresServer::own();
  std::string database = "world_" + std::to_string(++made);
  SystemClock clock;
  MemoryStore rows;
  MemoryWide wide{{clock, rows}};
  MemoryLogStore events;
  MemoryLog log{{clock, events}};
  PostgresOptions options;
  std::vector<Table> tables{&contract::things, &contract::tallies, &contract::names};
  std::optional<PostgresStore> store;
};

}  // namespace kith
