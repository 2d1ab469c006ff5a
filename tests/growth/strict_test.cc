// A hundred thousand posts of one author and as many reactions to one post, on PostgreSQL: a page costs one question,
// for which the server looks at as few blocks at the end as at the start.

#include <gtest/gtest.h>

#include <optional>

#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/table/memory.h"
#include "ports/table/postgres/layout.h"
#include "ports/table/postgres/postgres.h"
#include "ports/table/postgres/server.h"
#include "services/posts/posts.kith.h"
#include "services/reactions/reactions.kith.h"

namespace kith {
namespace {

constexpr std::uint64_t entries = 100'000;
constexpr std::size_t page = 40;

struct PostsOfAnAuthor {
  using Row = posts::AuthorPost;
  static Row row(std::uint64_t number) {
    return {.author = AccountId{7}, .post = PostId{1'000'000 - number}, .kind = posts::Kind::post};
  }
};
struct ReactionsToAPost {
  using Row = reactions::Reaction;
  static Row row(std::uint64_t number) {
    return {.post = PostId{7}, .person = AccountId{number + 1}, .kind = reactions::Kind::like};
  }
};

template <class List>
class Growth : public testing::Test {
 protected:
  using Row = List::Row;

  static void SetUpTestSuite() {
    if (!contract::PostgresServer::here()) GTEST_SKIP() << "PostgreSQL is not installed: ./dev engines up postgres";
  }
  Growth() {
    server.create(database);
    options.servers = {server.database(database)};
    options.password_file = server.password_file();
    options.deadline = std::chrono::seconds{60};
    store.emplace(PostgresStore::Needs{clock, wide, log}, options, tables);
  }
  ~Growth() override {
    store.reset();
    server.drop(database);
  }

  // In the order of the list.
  RowKey key(std::uint64_t number) const { return Row::encode_key(List::row(number).key()); }
  void fill() {
    for (std::uint64_t begin = 0; begin < entries; begin += scan_max) {
      std::vector<RawRow> rows;
      for (std::uint64_t number = begin; number < begin + scan_max; ++number) {
        Row const row = List::row(number);
        rows.push_back({Row::encode_key(row.key()), {.version = 1, .operation = 1}, encode(row)});
      }
      run(store->strict().apply(std::move(rows)));
    }
  }
  Scanned scan(std::string from, std::size_t limit) {
    Range range{.table = &Row::table(), .partition = key(0).partition, .from = std::move(from), .limit = limit};
    return run(store->strict().scan(std::move(range)));
  }
  // What the server looks at for a page from there on, by the very statement that is asked.
  int blocks(std::string const& from) {
    postgres::Layout const layout(tables);
    auto const hex = [](std::string const& bytes) {
      std::string text = "'\\x";
      for (unsigned char const byte : bytes)
        text.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
      return text + "'";
    };
    auto session = server.session(database);
    session.ask("SET plan_cache_mode = force_generic_plan");
    session.ask("PREPARE page AS " + layout.of(&Row::table()).scan_on[0].sql);
    std::string const told =
        session.ask("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE page(" + hex(key(0).partition) + ", " +
                    hex(from) + ", now(), " + std::to_string(page + 1) + ")");
    int all = 0;
    for (std::string const name : {"\"Shared Hit Blocks\": ", "\"Shared Read Blocks\": "})
      all += std::stoi(told.substr(told.find(name) + name.size()));
    return all;
  }

  contract::PostgresServer& server = contract::PostgresServer::own();
  std::string database = "growth";
  SystemClock clock;
  MemoryStore rows;
  MemoryWide wide{{clock, rows}};
  MemoryLogStore events;
  MemoryLog log{{clock, events}};
  PostgresOptions options;
  std::vector<Table> tables{&Row::table()};
  std::optional<PostgresStore> store;
};

using Lists = testing::Types<PostsOfAnAuthor, ReactionsToAPost>;
TYPED_TEST_SUITE(Growth, Lists);

TYPED_TEST(Growth, APageAtTheEndOfAHundredThousandIsReadAsOneAtTheStart) {
  this->fill();
  std::uint64_t seen = 0;
  std::string from;
  for (bool more = true; more;) {
    Scanned const scanned = this->scan(from, scan_max);
    for (ScannedRow const& row : scanned.rows) ASSERT_EQ(row.key, this->key(seen++));
    more = scanned.more;
    ASSERT_FALSE(scanned.rows.empty());
    from = scanned.rows.back().key.sort + '\0';
  }
  EXPECT_EQ(seen, entries);

  for (std::uint64_t place = 0; place + page <= entries; place += (entries - page) / 10) {
    auto const before = this->store->stats().reads;
    EXPECT_EQ(this->scan(this->key(place).sort, page).rows.size(), page);
    EXPECT_EQ(this->store->stats().reads - before, 1u) << place;
    EXPECT_LE(this->blocks(this->key(place).sort), 20) << place;
  }
}

}  // namespace
}  // namespace kith
