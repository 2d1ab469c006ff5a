// What lies where, and what a start refuses.

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "ports/table/cassandra/session.h"
#include "ports/table/cassandra/test_world.h"

namespace kith {
namespace {

using contract::note;
using testing::HasSubstr;

class CassandraTables : public CassandraWorld {};

TEST_F(CassandraTables, AHundredThousandEntriesOfOneFeedLieInPartitionsOfBoundedSize) {
  open();
  // An entry each quarter of an hour, for almost three years.
  constexpr std::uint64_t entries = 100'000, a_bucket = 28 * 24 * 4;
  constexpr Duration pause = std::chrono::minutes{15};
  auto const id = [&](std::uint64_t number) {
    return first_id_at(id_epoch + pause * static_cast<std::int64_t>(number));
  };
  for (std::uint64_t begin = 0; begin < entries; begin += scan_max) {
    std::vector<WidePut> rows;
    for (std::uint64_t number = begin; number < begin + scan_max; ++number)
      rows.push_back({entry(7, id(number)), contract::text_value(std::to_string(number)), 1});
    run(wide().put(std::move(rows)));
  }
  std::uint64_t largest = 0, all = 0;
  for (auto const& size :
       server.ask("SELECT count(sort) FROM " + options.keyspace + ".contract_feed GROUP BY partition, bucket")) {
    auto const count = static_cast<std::uint64_t>(cassandra::number_of(size));
    largest = std::max(largest, count);
    all += count;
  }
  EXPECT_EQ(all, entries);
  EXPECT_EQ(largest, a_bucket);
  // One entry in each bucket is enough to list it.
  EXPECT_EQ(server.ask("SELECT bucket FROM " + options.keyspace + ".contract_feed_buckets").size(),
            (entries + a_bucket - 1) / a_bucket);

  // And it is one list, which pages from the newest to the oldest without loss or double, and back.
  for (bool const backwards : {false, true}) {
    Range range{.table = &feed, .partition = contract::big_endian(7), .backwards = backwards, .limit = scan_max};
    std::uint64_t seen = 0;
    for (bool more = true; more;) {
      Scanned const scanned = run(wide().scan(range));
      for (ScannedRow const& row : scanned.rows) {
        std::uint64_t const expected = backwards ? seen : entries - 1 - seen;
        ASSERT_EQ(contract::value_of(row.row), contract::text_value(std::to_string(expected)));
        ++seen;
      }
      more = scanned.more;
      ASSERT_FALSE(scanned.rows.empty());
      (backwards ? range.to : range.from) = scanned.rows.back().key.sort + (backwards ? "" : std::string(1, '\0'));
    }
    EXPECT_EQ(seen, entries);
  }
  // A page costs two journeys, however long the feed; one where it goes on, or where somebody wrote lately.
  auto const journeys = [&](std::uint64_t of, std::string from, std::size_t rows) {
    auto const before = store->stats().reads;
    Range const range{.table = &feed, .partition = contract::big_endian(of), .from = std::move(from), .limit = 40};
    EXPECT_EQ(run(wide().scan(range)).rows.size(), rows);
    return store->stats().reads - before;
  };
  EXPECT_EQ(journeys(7, "", 40), 2u);
  EXPECT_EQ(journeys(7, entry(7, id(50'000)).sort, 40), 1u);
  put(entry(8, first_id_at(clock.now())), "lately", 1);
  EXPECT_EQ(journeys(8, "", 1), 1u);
  // What a clock that is ahead wrote comes first all the same.
  put(entry(8, first_id_at(clock.now() + std::chrono::days{90})), "ahead", 1);
  put(entry(8, first_id_at(clock.now() - std::chrono::days{90})), "long ago", 1);
  Scanned const all_of_it = run(wide().scan({.table = &feed, .partition = contract::big_endian(8), .limit = 40}));
  ASSERT_EQ(all_of_it.rows.size(), 3u);
  for (std::size_t i = 0; auto const* const text : {"ahead", "lately", "long ago"})
    EXPECT_EQ(contract::value_of(all_of_it.rows[i++].row), contract::text_value(text));
}

TEST_F(CassandraTables, AnExpiringRowIsSweptByTheServerADayLater) {
  open();
  auto const expires_at = clock.now() + std::chrono::hours{1};
  std::vector<WidePut> rows{{note(1, 1), contract::text_value("soon"), 5, expires_at},
                            {note(1, 2), contract::text_value("never"), 5}};
  run(wide().put(std::move(rows)));
  auto const left = server.ask("SELECT ttl(value) FROM " + options.keyspace + ".contract_notes");
  ASSERT_EQ(left.size(), 2u);
  auto const seconds = std::max(cassandra::number_of(left[0]), cassandra::number_of(left[1]));
  EXPECT_GT(seconds, 24 * 3600);
  EXPECT_LE(seconds, 25 * 3600 + 1);
  EXPECT_TRUE(left[0].empty() || left[1].empty()) << "what never expires has no end";
  // Two rows in two buckets; the directory keeps each as long as what is in it.
  EXPECT_EQ(server.ask("SELECT bucket FROM " + options.keyspace + ".contract_notes_buckets").size(), 2u);
}

TEST_F(CassandraTables, SecondStartFindsWhatTheFirstMadeAndMakesNothing) {
  migrate_cassandra(options, tables);
  EXPECT_THAT(migrate_cassandra(options, tables), testing::IsEmpty());
  open();
  put(note(1, 1), "there", 1);
  open();
  EXPECT_EQ(read(note(1, 1)), contract::text_value("there"));
}

TEST_F(CassandraTables, TlsIsSpokenWithWhomTheAuthorityVouchesForAlone) {
  options.authority = server.tls_authority();
  open();
  for (std::uint64_t id = 1; id <= 100; ++id) put(note(1, id), "there", 1);
  EXPECT_EQ(read(note(1, 100)), contract::text_value("there"));
  auto const encrypted = server.ask("SELECT ssl_enabled FROM system_views.clients");
  EXPECT_NE(std::ranges::count(encrypted, "\x01"), 0);
  // The node would take plain lines on the same port.
  CassandraOptions wrong = options;
  wrong.authority = contract::another_authority();
  EXPECT_THAT(refusal(wrong, tables),
              testing::AllOf(testing::StartsWith("No TLS can be spoken with Cassandra at 127.0.0.1:"),
                             HasSubstr("set cassandra_tls_authority")));
}

TEST_F(CassandraTables, WhatIsWrongIsSaidInOneSentenceThatNamesTheSetting) {
  open();
  CassandraOptions wrong = options;
  std::ofstream("wrong password") << "guessed\n";
  wrong.password_file = "wrong password";
  EXPECT_THAT(refusal(wrong, tables),
              HasSubstr("refuses the user kith: set cassandra_user and cassandra_password_file"));
  wrong = options;
  wrong.password_file = "no such file";
  EXPECT_THAT(refusal(wrong, tables), HasSubstr("cassandra_password_file"));
  wrong = options;
  wrong.authority = "no such file";
  EXPECT_THAT(refusal(wrong, tables), HasSubstr("cassandra_tls_authority"));
  wrong = options;
  wrong.nodes = {"127.0.0.1:1"};
  EXPECT_THAT(refusal(wrong, tables), HasSubstr("cannot be reached at 127.0.0.1:1: set cassandra_servers"));
  wrong = options;
  wrong.nodes.clear();
  EXPECT_THAT(refusal(wrong, tables), HasSubstr("cassandra_servers names no server"));
  wrong = options;
  wrong.keyspace = "nowhere";
  EXPECT_THAT(refusal(wrong, tables), HasSubstr("cassandra_keyspace"));

  TableDescription other = feed;
  other.bucket = "7 days of id";
  EXPECT_THAT(refusal(options, {&other}), HasSubstr("cut by 28 days of id, but this program cuts it by 7 days of id"));
  server.define("UPDATE " + options.keyspace + ".kith_facts SET value = '2' WHERE name = 'format'");
  EXPECT_THAT(refusal(), HasSubstr("written by a newer version of kith (format 2, this program knows 1)"));
  server.define("DELETE FROM " + options.keyspace + ".kith_facts WHERE name = 'format'");
}

}  // namespace
}  // namespace kith
