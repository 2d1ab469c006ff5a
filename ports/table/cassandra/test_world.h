#pragma once

// For tests of the engine itself: a keyspace of their own on a real node, and real time.

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/ids.h"
#include "ports/clock/system.h"
#include "ports/table/cassandra/cassandra.h"
#include "ports/table/cassandra/server.h"
#include "ports/table/contract_tables.h"

namespace kith {

// A feed: notes by the time of their id.
inline TableDescription const feed = [] {
  TableDescription table = contract::notes;
  table.number = 60005;
  table.name = "feed";
  table.bucket = "28 days of id";
  return table;
}();

class CassandraWorld : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!contract::CassandraServer::here()) GTEST_SKIP() << "Maven is not installed: ./dev engines up cassandra";
  }
  ~CassandraWorld() override {
    store.reset();
    if (opened) server.give_back(options, tables);
  }

  void open() {
    store.emplace(CassandraStore::Needs{clock}, options, tables);
    opened = true;
  }
  // The sentence a start is refused with.
  std::string refusal(CassandraOptions const& chosen, std::vector<Table> const& described) {
    try {
      CassandraStore const refused({clock}, chosen, described);
      return "opened";
    } catch (Error const& error) {
      return error.say;
    }
  }
  std::string refusal() { return refusal(options, tables); }
  Wide& wide() { return store->wide(); }

  static RowKey entry(std::uint64_t owner, std::uint64_t id) {
    return {&feed, contract::big_endian(owner), contract::big_endian(~id)};
  }
  void put(RowKey key, std::string_view text, Version version) {
    std::vector<WidePut> one{{std::move(key), contract::text_value(text), version}};
    run(wide().put(std::move(one)));
  }
  // What the row holds, or the code of the error.
  std::string read(RowKey key) {
    try {
      std::vector<RowKey> one{std::move(key)};
      return contract::value_of(run(wide().get(std::move(one))).front());
    } catch (Error const& error) {
      return std::string(name_of(error.code));
    }
  }

  contract::CassandraServer& server = contract::CassandraServer::own();
  SystemClock clock;
  CassandraOptions options = server.lend();
  std::vector<Table> tables{&contract::notes, &feed};
  bool opened = false;
  std::optional<CassandraStore> store;
};

}  // namespace kith
