// What stands in the database: as an operator sees it, at the first start, at the next versions', and where it
// is large.

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>
#include <thread>

#include "base/loops.h"
#include "ports/table/postgres/layout.h"
#include "ports/table/postgres/test_world.h"

namespace kith {
namespace {

using contract::text_value;
using contract::thing;
using testing::HasSubstr;
using testing::StartsWith;

class PostgresStart : public PostgresWorld {
 protected:
  std::string place() { return "127.0.0.1:" + server.port() + '/' + database; }
};

TEST_F(PostgresStart, WrongPasswordIsAnsweredWithTheSettingToChange) {
  options.password_file = "password";
  std::ofstream(options.password_file) << "wrong\n";
  EXPECT_THAT(refusal(), StartsWith("PostgreSQL at " + place() + " refuses the password (postgres_password_file): "));
  options.password_file.clear();
  EXPECT_EQ(refusal(), "PostgreSQL at " + place() + " wants a password: name its file in postgres_password_file");
  options.password_file = "not there";
  EXPECT_EQ(refusal(), "Cannot read a password from not there (postgres_password_file)");
}

TEST_F(PostgresStart, ServerThatIsNotThereIsAnsweredWithTheSettingToChange) {
  options.servers = {"postgresql://kith@127.0.0.1:1/kith"};
  EXPECT_THAT(refusal(), StartsWith("PostgreSQL cannot be reached at 127.0.0.1:1/kith (postgres_servers): "));
  options.servers = {server.database("nobody_made_it")};
  EXPECT_THAT(refusal(), HasSubstr("database \"nobody_made_it\" does not exist"));
  options.servers = {"postgresql://kith@[broken"};
  EXPECT_THAT(refusal(), StartsWith("postgres_servers names what is no address of a server"));
  options.servers = {};
  EXPECT_THAT(refusal(), HasSubstr("postgres_servers names no server"));
}

TEST_F(PostgresStart, TlsIsSpokenWithWhomTheAuthorityVouchesForAlone) {
  std::string const plain = options.servers.front();
  options.servers = {contract::PostgresServer::by_tls(plain, server.tls_authority())};
  open();
  for (std::uint64_t i = 1; i <= 100; ++i) EXPECT_TRUE(commit(vote(7, "voter " + std::to_string(i), i)).done);
  auto const plain_lines = [&] {
    return sql(
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'kith' AND "
        "datname = current_database() AND NOT ssl");
  };
  EXPECT_EQ(plain_lines(), "0");
  // The server would take plain lines on the same port.
  options.servers = {contract::PostgresServer::by_tls(plain, contract::another_authority())};
  EXPECT_THAT(refusal(),
              testing::AllOf(StartsWith("PostgreSQL cannot be reached at " + place() + " (postgres_servers): "),
                             HasSubstr("certificate verify failed")));
}

TEST_F(PostgresStart, DatabaseOfANewerVersionIsRefused) {
  open();
  sql("UPDATE kith.facts SET value = '7' WHERE name = 'format'");
  EXPECT_EQ(refusal(), "The database at " + place() +
                           " was written by a newer version of kith (format 7, this program knows 1): run that "
                           "version, or name another database in postgres_servers");
}

TEST_F(PostgresStart, MapOfServersStaysAsItIs) {
  open();
  std::string const second = database + "_second";
  server.create(second);
  options.servers.push_back(server.database(second));
  EXPECT_EQ(refusal(), "The database at " + place() +
                           " is shard 1 of 1, but postgres_servers names it as 1 of 2: name all servers, in the order "
                           "in which they were first named");
  server.drop(second);
}

TEST_F(PostgresStart, TwoAtOnceSetUpOneDatabase) {
  std::vector<std::string> ends(4);
  std::vector<std::thread> starts;
  for (std::string& end : ends) starts.emplace_back([&] { end = refusal(); });
  for (auto& start : starts) start.join();
  EXPECT_THAT(ends, testing::Each("opened"));
  EXPECT_EQ(refusal(), "opened") << "and again";
}

using PostgresTables = PostgresWorld;

TEST_F(PostgresTables, OperatorReadsRealColumns) {
  open();
  Commit change = vote(5, "ada", 77);
  change.puts[0].expires_at = clock.now() + std::chrono::hours{1};
  commit(std::move(change));
  EXPECT_EQ(sql("SELECT name || ' of ' || owner || ' says ' || text FROM contract.things"), "ada of 5 says yes");
  EXPECT_EQ(sql("SELECT yes FROM contract.tallies WHERE owner = 5 AND kind = 1"), "1");
  EXPECT_EQ(sql("SELECT _operation FROM contract.things WHERE _partition = int8send(5)"), "77");
  EXPECT_EQ(sql("SELECT _expires_at > now() FROM contract.things"), "t");
  EXPECT_EQ(sql("SELECT _rest IS NULL FROM contract.things"), "t");
  EXPECT_EQ(sql("SELECT data_type FROM information_schema.columns WHERE table_schema = 'contract' AND table_name = "
                "'things' AND column_name = 'number'"),
            "bigint");
  EXPECT_EQ(sql("SELECT collation_name FROM information_schema.columns WHERE table_schema = 'contract' AND table_name "
                "= 'things' AND column_name = 'text'"),
            "C");
  // What an operator mends is what people get.
  sql("UPDATE contract.things SET text = 'mended'");
  EXPECT_EQ(contract::value_of(get(thing(5, "ada"))), text_value("mended"));
}

// The table of things as a later version of kith describes it: with one more field.
TableDescription newer_things(std::vector<FieldDescription>& fields, FieldKind kind, std::string_view name) {
  fields.assign(contract::things.fields.begin(), contract::things.fields.end());
  fields.push_back({9, name, kind, false, false});
  TableDescription newer = contract::things;
  newer.fields = fields;
  return newer;
}
std::string note_value(std::string const& text) { return text_value(text).replace(0, 1, "\x4A"); }

TEST_F(PostgresTables, NewFieldIsAColumnThatAnOlderProgramLeavesAlone) {
  open();
  Commit older = vote(1, "ada", 1);
  older.puts[0].value += note_value("kept as it came");  // from a newer process, by rpc
  commit(std::move(older));

  std::vector<FieldDescription> fields;
  TableDescription const newer = newer_things(fields, FieldKind::text, "note");
  std::vector<Table> const newer_tables{&newer, &contract::tallies};
  PostgresStore upgraded(needs(), options, newer_tables);
  RowKey const key{&newer, thing(1, "ada").partition, thing(1, "ada").sort};
  std::vector<RowKey> const keys(1, key);
  EXPECT_EQ(contract::value_of(run(upgraded.strict().get(keys)).front()),
            text_value("yes") + note_value("kept as it came"));
  Commit change;
  change.operation = 2;
  change.puts.push_back({key, text_value("yes") + note_value("of the new version")});
  run(upgraded.strict().commit(change));
  EXPECT_EQ(sql("SELECT note FROM contract.things"), "of the new version");

  // The older program still runs. It does not see the new field, changes the row, and loses nothing.
  RowPtr const seen = get(thing(1, "ada"));
  EXPECT_EQ(contract::value_of(seen), text_value("yes"));
  Commit edit;
  edit.operation = 3;
  edit.checks.push_back({thing(1, "ada"), seen->header.version});
  edit.puts.push_back({thing(1, "ada"), text_value("no")});
  EXPECT_TRUE(commit(std::move(edit)).done);
  EXPECT_EQ(contract::value_of(run(upgraded.strict().get(keys)).front()),
            text_value("no") + note_value("of the new version"));
  // A row that was erased and comes anew has nothing of the old one.
  Commit erase;
  erase.operation = 4;
  erase.erases.push_back(thing(1, "ada"));
  commit(std::move(erase));
  commit(vote(1, "ada", 5));
  EXPECT_EQ(contract::value_of(run(upgraded.strict().get(keys)).front()), text_value("yes"));
}

TEST_F(PostgresTables, FieldThatChangedItsTypeIsRefusedAndNothingIsLost) {
  std::vector<FieldDescription> fields;
  TableDescription const text = newer_things(fields, FieldKind::text, "note");
  tables = {&text};
  EXPECT_EQ(refusal(), "opened");
  TableDescription const number = newer_things(fields, FieldKind::number, "note");
  tables = {&number};
  EXPECT_THAT(refusal(), HasSubstr("field 9 of \"contract\".\"things\" is note of type text, but this program's note "
                                   "is of type bigint"));
}

TEST_F(PostgresTables, MigrationIsToldTwiceSafeAndDropsOnlyWhatIsEmpty) {
  std::vector<FieldDescription> fields;
  TableDescription const newer = newer_things(fields, FieldKind::text, "note");
  std::vector<Table> const newer_tables{&newer, &contract::tallies};
  auto const migrated = [&](std::vector<Table> const& to, bool contract = false) {
    std::string text;
    for (std::string const& change : migrate_postgres(options, to, contract))
      text += change.substr(change.find(": ") + 2) + '\n';
    return text;
  };
  EXPECT_THAT(migrated(tables), HasSubstr("made \"contract\".\"things\"\n"));
  EXPECT_EQ(migrated(tables), "");
  open();
  commit(vote(1, "ada", 1));
  EXPECT_EQ(migrated(newer_tables), "added note to \"contract\".\"things\"\n");
  EXPECT_EQ(migrated(newer_tables), "");
  EXPECT_EQ(migrated(tables), "") << "an older program starts beside it";
  sql("UPDATE contract.things SET note = 'to be kept'");
  try {
    migrated(tables, true);
    ADD_FAILURE() << "a column that holds something was dropped";
  } catch (Error const& error) {
    EXPECT_THAT(error.say, HasSubstr("the column note of \"contract\".\"things\" still holds values"));
  }
  EXPECT_EQ(sql("SELECT note FROM contract.things"), "to be kept");
  sql("UPDATE contract.things SET note = NULL");
  EXPECT_EQ(migrated(tables, true), "dropped note of \"contract\".\"things\"\n");
  EXPECT_EQ(migrated(tables, true), "");
  EXPECT_EQ(contract::value_of(get(thing(1, "ada"))), text_value("yes"));
  EXPECT_EQ(migrated(newer_tables), "added note to \"contract\".\"things\"\n");
}

TEST_F(PostgresTables, MigrationWhileServingLosesNoRequest) {
  open();
  std::atomic<bool> done{false};
  std::thread migrating([&] {
    std::vector<FieldDescription> fields;
    TableDescription const newer = newer_things(fields, FieldKind::text, "note");
    for (int turn = 0; turn < 10; ++turn) {
      migrate_postgres(options, {&newer, &contract::tallies}, false);
      migrate_postgres(options, tables, true);
    }
    done = true;
  });
  OperationId operation = 0;
  while (!done) {
    ++operation;
    EXPECT_EQ(refused(vote(1, "voter " + std::to_string(operation), operation)), std::nullopt);
    EXPECT_TRUE(get(thing(1, "voter " + std::to_string(operation))));
  }
  migrating.join();
  EXPECT_EQ(votes(1), static_cast<std::int64_t>(operation));
}

TEST_F(PostgresTables, HundredThousandRowsOfOnePartitionAreScannedBothWays) {
  open();
  constexpr std::uint64_t count = 100'000;
  sql("INSERT INTO contract.things (_partition, _sort, _version, _operation, owner, name, number, text) SELECT "
      "int8send(1), 'n'::bytea || '\\x00'::bytea || int8send(~i), i, 1, 1, 'n', i, i FROM generate_series(1, " +
      std::to_string(count) + ") i");
  sql("ANALYZE");
  for (bool const backwards : {false, true}) {
    Range range{&contract::things, contract::big_endian(1), {}, {}, backwards, scan_max};
    std::uint64_t seen = 0;
    for (bool more = true; more;) {
      Scanned const scanned = run(store->strict().scan(range));
      for (ScannedRow const& row : scanned.rows) {
        ++seen;
        // The largest number sorts first.
        std::uint64_t const expected = backwards ? seen : count + 1 - seen;
        ASSERT_EQ(row.row->header.version, static_cast<Version>(expected));
      }
      more = scanned.more;
      if (!more) break;
      (backwards ? range.to : range.from) = scanned.rows.back().key.sort + (backwards ? "" : std::string(1, '\0'));
    }
    EXPECT_EQ(seen, count);
  }
  // No page costs more than its rows: they come from the index, in its order.
  postgres::TableLayout const layout(contract::things);
  for (auto const& statement : {layout.scan_on[0], layout.scan_on[1]}) {
    std::string const plan = sql("SET plan_cache_mode = force_generic_plan; PREPARE page AS " + statement.sql +
                                 "; EXPLAIN (FORMAT JSON) EXECUTE page (int8send(1), '', now(), 1001)");
    EXPECT_THAT(plan, HasSubstr("Index Scan"));
    EXPECT_THAT(plan, testing::Not(testing::AnyOf(HasSubstr("Seq Scan"), HasSubstr("\"Sort\""))));
  }
  std::uint64_t walked = 0;
  std::string cursor;
  do {
    RawPage page = run(store->strict().scan_all(&contract::things, cursor, scan_max));
    walked += page.rows.size();
    cursor = std::move(page.cursor);
  } while (!cursor.empty());
  EXPECT_EQ(walked, count);
}

class PostgresLoops : public PostgresWorld {};

TEST_F(PostgresLoops, ReadsOfALoopStayThereUntilDeliveryEnds) {
  open();
  EXPECT_TRUE(commit(vote(7, "voter", 1)).done);
  auto const lines = [&] {
    return std::stoi(
        sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kith' AND datname = "
            "current_database()"));
  };
  auto const come_to = [&](int count) {
    for (int i = 0; i < 500 && lines() != count; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{20});
    return lines() == count;
  };
  auto const read_on = [&](Loops& loops, std::size_t at) {
    return boost::asio::co_spawn(
               loops.at(at),
               [](Strict& strict, std::vector<RowKey> keys) -> Task<std::size_t> {
                 std::size_t found = 0;
                 for (int i = 0; i < 10; ++i)
                   for (auto const& row : co_await strict.get(keys)) found += row ? 1 : 0;
                 co_return found;
               }(store->strict(), {vote(7, "voter", 1).puts.front().key}),
               boost::asio::use_future)
        .get();
  };
  {
    Loops loops(2);
    int const before = lines();
    store->start(loops.executors());
    EXPECT_EQ(read_on(loops, 0), 10u);
    EXPECT_EQ(read_on(loops, 1), 10u);
    EXPECT_EQ(read_on(loops, 0), 10u);
    EXPECT_TRUE(come_to(before + 3)) << lines();  // one of each loop, and the relay's
    run(store->stop_delivery());
    EXPECT_TRUE(come_to(before)) << lines();
    EXPECT_EQ(read_on(loops, 0), 10u);  // by the store's own
    // Which has let go of ours only when it has done something else.
    EXPECT_EQ(run(store->strict().get({vote(7, "voter", 1).puts.front().key})).size(), 1u);
  }
  EXPECT_EQ(run(store->strict().get({vote(7, "voter", 1).puts.front().key})).size(), 1u);
}

}  // namespace
}  // namespace kith
