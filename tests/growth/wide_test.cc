// A hundred thousand notifications of one person, and as many posts with one tag, on Cassandra: no partition has more
// than its time allows, and it is one list that costs the same to page wherever one is. (Of one feed: with the engine.)

#include <gtest/gtest.h>

#include <algorithm>

#include "base/run.h"
#include "ports/clock/ids.h"
#include "ports/clock/system.h"
#include "ports/table/cassandra/layout.h"
#include "ports/table/cassandra/server.h"
#include "services/notifications/notifications.kith.h"
#include "services/timeline/timeline.kith.h"

namespace kith {
namespace {

using notifications::Notification;
using timeline::TimelineEntry;

constexpr std::uint64_t entries = 100'000;
constexpr std::size_t page = 40;
constexpr Duration day = std::chrono::days{1};

struct Notifications {
  using Row = Notification;
  static constexpr Duration span = 365 * day, bucket = 28 * day;
  static Row row(std::uint64_t id) {
    return {.person = AccountId{7}, .cause = NotificationId{id}, .kind = notifications::Kind::followed};
  }
};
struct Tag {
  using Row = TimelineEntry;
  static constexpr Duration span = 90 * day, bucket = std::chrono::hours{1};
  static Row row(std::uint64_t id) {
    return {.kind = timeline::TimelineKind::tag, .name = "town", .post = PostId{id}, .author = AccountId{9}};
  }
};

template <class List>
class Growth : public testing::Test {
 protected:
  using Row = List::Row;

  static void SetUpTestSuite() {
    if (!contract::CassandraServer::here()) GTEST_SKIP() << "Maven is not installed: ./dev engines up cassandra";
  }
  ~Growth() override {
    store.reset();
    server.give_back(options, tables);
  }

  // The ids of a whole span, the last of them now.
  std::uint64_t id(std::uint64_t number) const {
    return first_id_at(now -
                       List::span / static_cast<std::int64_t>(entries) * static_cast<std::int64_t>(entries - number));
  }
  RowKey key(std::uint64_t number) const { return Row::encode_key(List::row(id(number)).key()); }

  void fill() {
    for (std::uint64_t begin = 0; begin < entries; begin += scan_max) {
      std::vector<WidePut> rows;
      for (std::uint64_t number = begin; number < begin + scan_max; ++number) {
        Row row = List::row(id(number));
        row.expires_at_ = now + List::span;
        rows.push_back({Row::encode_key(row.key()), encode(row), 1, row.expires_at_});
      }
      run(store->wide().put(std::move(rows)));
    }
  }
  Scanned scan(std::string from, std::string to, bool backwards, std::size_t limit) {
    Range range{.table = &Row::table(), .partition = key(0).partition, .from = std::move(from), .to = std::move(to)};
    range.backwards = backwards;
    range.limit = limit;
    return run(store->wide().scan(std::move(range)));
  }

  contract::CassandraServer& server = contract::CassandraServer::own();
  SystemClock clock;
  Time const now = clock.now();
  CassandraOptions options = server.lend();
  std::vector<Table> tables{&Row::table()};
  std::optional<CassandraStore> store{std::in_place, CassandraStore::Needs{clock}, options, tables};
};

using Lists = testing::Types<Notifications, Tag>;
TYPED_TEST_SUITE(Growth, Lists);

TYPED_TEST(Growth, AHundredThousandEntriesAreBoundedPartitionsAndOneList) {
  this->fill();

  cassandra::Layout const layout(this->options.keyspace, this->tables);
  std::string const table = layout.named(layout.of(this->tables.front()).name);
  std::uint64_t largest = 0, all = 0;
  for (auto const& cell : this->server.ask("SELECT count(sort) FROM " + table + " GROUP BY partition, bucket")) {
    auto const count = static_cast<std::uint64_t>(cassandra::number_of(cell));
    largest = std::max(largest, count);
    all += count;
  }
  EXPECT_EQ(all, entries);
  EXPECT_LE(largest, entries * static_cast<std::uint64_t>(TypeParam::bucket.count()) /
                             static_cast<std::uint64_t>(TypeParam::span.count()) +
                         2);
  // The list of buckets, too, is as long as the time that is kept.
  EXPECT_LE(this->server.ask("SELECT bucket FROM " + table + "_buckets").size(),
            static_cast<std::size_t>(TypeParam::span / TypeParam::bucket) + 2);

  // It pages from the newest to the oldest without loss or double, and back.
  for (bool const backwards : {false, true}) {
    std::uint64_t seen = 0;
    std::string from, to;
    for (bool more = true; more;) {
      Scanned const scanned = this->scan(from, to, backwards, scan_max);
      for (ScannedRow const& row : scanned.rows) {
        ASSERT_EQ(row.key, this->key(backwards ? seen : entries - 1 - seen)) << seen;
        ++seen;
      }
      more = scanned.more;
      ASSERT_FALSE(scanned.rows.empty());
      (backwards ? to : from) = scanned.rows.back().key.sort + (backwards ? "" : std::string(1, '\0'));
    }
    EXPECT_EQ(seen, entries);
  }

  // A page is the list of buckets, the newest of them, and perhaps those before it at once: wherever it is.
  for (std::uint64_t place = entries; place >= page; place -= entries / 20) {
    auto const before = this->store->stats().reads;
    auto const scanned = this->scan(place == entries ? "" : this->key(place - 1).sort, "", false, page);
    EXPECT_EQ(scanned.rows.size(), page);
    EXPECT_LE(this->store->stats().reads - before, 3u) << place;
  }
}

}  // namespace
}  // namespace kith
