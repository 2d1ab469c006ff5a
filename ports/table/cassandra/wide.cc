#include "ports/table/cassandra/wide.h"

#include <algorithm>
#include <utility>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/error.h"

namespace kith::cassandra {
namespace {

using std::chrono::days;
using std::chrono::seconds;

// Cassandra forgets a row a day after it has expired, because clocks differ and reads judge for themselves; and
// one that lives longer than this never: it cannot count that far.
constexpr Duration kept_after = days{1}, expiry_max = days{5 * 365};
// A bucket is listed until a moment that many rows share, so that it is listed seldom.
constexpr Duration listed_until = days{7};
constexpr std::size_t page_rows = 500;
constexpr std::int64_t buckets_at_once = 64;
constexpr std::size_t buckets_read_max = 8;

void at_most(std::size_t count, std::size_t most, char const* what) {
  if (count > most)
    throw Error{Code::invalid, "This is too much at once", std::string(what) + ": at most " + std::to_string(most)};
}

void of_wide(Table table) { check(table->table_class == TableClass::wide, "wide tables hold wide rows"); }

// The one value cell: when the row expires, if ever, then its fields.
std::string cell_of(RowHeader const& header, std::string_view value) {
  std::string cell(1, header.expires_at == no_time ? '\0' : '\1');
  if (header.expires_at != no_time)
    append_big_endian(cell, static_cast<std::uint64_t>(header.expires_at.time_since_epoch().count()));
  cell += value;
  return cell;
}

struct Cell {
  RowHeader header;
  std::string_view value;
};

Cell read_cell(std::string_view cell, std::string_view written) {
  bool const expires = !cell.empty() && cell.front() == '\1';
  if (cell.size() < (expires ? 9u : 1u) || cell.front() > '\1')
    throw Error{Code::internal, "Stored data cannot be read", "a cell of Cassandra is none of kith's"};
  Cell read{.header = {.version = number_of(written)}, .value = cell.substr(expires ? 9 : 1)};
  if (expires) read.header.expires_at = Time(Duration(number_of(cell.substr(1, 8))));
  return read;
}

bool lives(Cell const& cell, Time now) { return cell.header.expires_at == no_time || cell.header.expires_at > now; }

bool forever(Time expires_at, Time now) { return expires_at == no_time || expires_at - now > expiry_max; }

std::string ttl(Time expires_at, Time now) {
  if (forever(expires_at, now)) return small_number_value(0);
  Duration const left = std::max(expires_at - now, Duration::zero()) + kept_after;
  return small_number_value(static_cast<std::int32_t>(std::chrono::ceil<seconds>(left).count()));
}

std::vector<std::string> place(TableLayout const& layout, RowKey const& key) {
  std::vector<std::string> values{key.partition};
  if (layout.buckets) values.push_back(number_value(layout.buckets->of(key.sort)));
  values.push_back(key.sort);
  return values;
}

}  // namespace

// One scan on its way: what was found, and what is left to look for.
struct CassandraWide::Scanning {
  Range const& range;
  TableLayout const& layout;
  Time now;
  std::size_t wanted;
  std::vector<ScannedRow> rows = {};

  bool enough() const { return rows.size() >= wanted; }
  std::size_t missing() const { return wanted - rows.size(); }
};

// What lies together, and which of it is still to be read.
struct CassandraWide::Piece {
  std::optional<std::int64_t> bucket;
  std::string from, to;
};

Task<std::vector<RowPtr>> CassandraWide::get(std::vector<RowKey> keys) {
  at_most(keys.size(), multi_get_max, "rows of one read");
  std::vector<Request> requests;
  requests.reserve(keys.size());
  for (RowKey const& key : keys) {
    of_wide(key.table);
    check_limits(key);
    TableLayout const& layout = needs_.layout.of(key.table);
    requests.push_back({.statement = layout.get, .values = place(layout, key)});
  }
  std::vector<RowPtr> rows(keys.size());
  if (keys.empty()) co_return rows;
  Answer answer = co_await needs_.session.ask(Verb::read, std::move(requests));
  Time const now = needs_.clock.now();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    while (answer.next()) {
      answer.cell();  // the key
      auto const bytes = answer.cell();
      Cell const cell = read_cell(bytes, answer.cell());
      if (lives(cell, now)) rows[i] = keys[i].table->parse(keys[i], cell.header, cell.value);
    }
    answer.rest();
  }
  co_return rows;
}

Request CassandraWide::scan_request(Scanning const& scanning, Piece const& piece) const {
  bool const bounded = !piece.to.empty();
  TableLayout const& layout = scanning.layout;
  Request request{.statement = (bounded ? layout.scan_to : layout.scan)[scanning.range.backwards],
                  .values = {scanning.range.partition}};
  if (piece.bucket) request.values.push_back(number_value(*piece.bucket));
  request.values.push_back(piece.from);
  if (bounded) request.values.push_back(piece.to);
  request.values.push_back(small_number_value(static_cast<std::int32_t>(scanning.missing())));
  request.page_rows = static_cast<std::int32_t>(std::min(scanning.missing(), page_rows));
  return request;
}

// Takes what was found, and narrows the piece to what was not looked at; true: there may be more of it.
bool CassandraWide::take(Scanning& scanning, Piece& piece, std::size_t asked, Answer& answer) const {
  std::size_t seen = 0;
  for (; answer.next(); ++seen) {
    RowKey key{scanning.range.table, scanning.range.partition, std::string(answer.cell())};
    auto const bytes = answer.cell();
    Cell const cell = read_cell(bytes, answer.cell());
    if (scanning.range.backwards)
      piece.to = key.sort;
    else
      piece.from = key.sort + '\0';
    if (!lives(cell, scanning.now) || scanning.enough()) continue;
    RowPtr row = key.table->parse(key, cell.header, cell.value);
    scanning.rows.push_back({std::move(key), std::move(row)});
  }
  answer.rest();
  // Nothing sorts before the empty key.
  return seen == asked && !(scanning.range.backwards && piece.to.empty());
}

Task<void> CassandraWide::scan_piece(Scanning& scanning, Piece piece) {
  for (bool more = true; more && !scanning.enough();) {
    std::size_t const asked = scanning.missing();
    std::vector<Request> one;
    one.push_back(scan_request(scanning, piece));
    Answer answer = co_await needs_.session.ask(Verb::read, std::move(one));
    more = take(scanning, piece, asked, answer);
  }
}

// Some buckets after each other, read together: most lists end in the first.
Task<void> CassandraWide::scan_buckets(Scanning& scanning, std::vector<std::int64_t> buckets, std::size_t at_first) {
  std::size_t together = at_first;
  for (std::size_t begin = 0; begin < buckets.size() && !scanning.enough(); together = buckets_read_max) {
    std::size_t const end = std::min(begin + together, buckets.size()), asked = scanning.missing();
    std::vector<Piece> pieces;
    std::vector<Request> requests;
    for (; begin < end; ++begin) {
      pieces.push_back({buckets[begin], scanning.range.from, scanning.range.to});
      requests.push_back(scan_request(scanning, pieces.back()));
    }
    Answer answer = co_await needs_.session.ask(Verb::read, std::move(requests));
    for (Piece& piece : pieces)
      if (take(scanning, piece, asked, answer) && !scanning.enough()) co_await scan_piece(scanning, std::move(piece));
  }
}

// Which buckets there are, and then what is in them. Where the list probably begins is read in the same journey, and
// counts where it does.
Task<void> CassandraWide::scan_cut(Scanning& scanning) {
  Range const& range = scanning.range;
  Buckets const& cut = *scanning.layout.buckets;
  auto between = cut.between(range.from, range.to);
  auto& [first, last] = between;
  bool const falling = cut.descending() != range.backwards;
  auto likely = cut.likely_first(between, falling, scanning.now);
  for (std::int64_t listed = buckets_at_once; listed == buckets_at_once && first <= last && !scanning.enough();) {
    std::vector<Request> requests;
    requests.push_back(
        {.statement = scanning.layout.list_buckets[falling],
         .values = {range.partition, number_value(first), number_value(last), small_number_value(buckets_at_once)}});
    Piece begin{likely, range.from, range.to};
    if (likely) requests.push_back(scan_request(scanning, begin));
    Answer answer = co_await needs_.session.ask(Verb::read, std::move(requests));
    std::vector<std::int64_t> buckets;
    for (listed = 0; answer.next(); ++listed) {
      auto const bucket = number_of(answer.cell());
      if (buckets.empty() || buckets.back() != bucket) buckets.push_back(bucket);
    }
    answer.rest();
    if (buckets.empty()) break;
    (falling ? last : first) = buckets.back() + (falling ? -1 : 1);
    bool const begun = std::exchange(likely, std::nullopt) == buckets.front();
    if (begun) {
      buckets.erase(buckets.begin());
      std::size_t const asked = scanning.missing();
      if (take(scanning, begin, asked, answer) && !scanning.enough()) co_await scan_piece(scanning, std::move(begin));
    }
    co_await scan_buckets(scanning, std::move(buckets), begun ? buckets_read_max : 1);
  }
}

Task<Scanned> CassandraWide::scan(Range range) {
  of_wide(range.table);
  at_most(range.limit, scan_max, "rows of one scan");
  check_limits(RowKey{range.table, range.partition, {}});
  TableLayout const& layout = needs_.layout.of(range.table);
  Scanning scanning{.range = range, .layout = layout, .now = needs_.clock.now(), .wanted = range.limit + 1};
  if (layout.buckets) {
    co_await scan_cut(scanning);
  } else {
    Piece whole{std::nullopt, range.from, range.to};
    co_await scan_piece(scanning, std::move(whole));
  }
  Scanned scanned{.rows = std::move(scanning.rows), .more = false};
  scanned.more = scanned.rows.size() > range.limit;
  if (scanned.more) scanned.rows.resize(range.limit);
  co_return scanned;
}

Task<RawPage> CassandraWide::scan_all(Table table, std::string cursor, std::size_t limit) {
  of_wide(table);
  at_most(limit, scan_max, "rows of one step of a walk");
  std::vector<Request> one;
  one.push_back({.statement = needs_.layout.of(table).walk,
                 .values = {},
                 .page_rows = static_cast<std::int32_t>(std::max<std::size_t>(limit, 1)),
                 .one_page = true,
                 .page = std::move(cursor)});
  Answer answer = co_await needs_.session.ask(Verb::read, std::move(one));
  Time const now = needs_.clock.now();
  RawPage page;
  while (answer.next()) {
    RowKey key{.table = table, .partition = std::string(answer.cell()), .sort = {}};
    key.sort = answer.cell();
    auto const bytes = answer.cell();
    Cell const cell = read_cell(bytes, answer.cell());
    if (lives(cell, now)) page.rows.push_back({std::move(key), cell.header, std::string(cell.value)});
  }
  page.cursor = answer.rest();
  co_return page;
}

// A row in a bucket that is not listed would never be found, so no write is answered before both are there.
std::unordered_set<std::string> CassandraWide::list_buckets(std::vector<RawRow> const& rows,
                                                            std::vector<Request>& requests) {
  Time const now = needs_.clock.now();
  std::unordered_set<std::string> names;
  std::lock_guard const lock(mutex_);
  for (RawRow const& row : rows) {
    TableLayout const& layout = needs_.layout.of(row.key.table);
    if (!layout.buckets || row.erased) continue;
    std::string const bucket = number_value(layout.buckets->of(row.key.sort));
    Time until = no_time;
    if (!forever(row.header.expires_at, now))
      until = Time(listed_until * (row.header.expires_at.time_since_epoch() / listed_until + 1));
    std::string const kept = number_value(until.time_since_epoch().count());
    std::string name = number_value(row.key.table->number) + bucket + kept + row.key.partition;
    if (listed_.find(name) != nullptr || !names.insert(std::move(name)).second) continue;
    requests.push_back({.statement = layout.note_bucket, .values = {row.key.partition, bucket, kept, ttl(until, now)}});
  }
  return names;
}

// The version is the timestamp, so the newest wins and an erase wins a tie, as wide.h wants it.
Task<void> CassandraWide::write(std::vector<RawRow> rows) {
  for (RawRow const& row : rows) {
    of_wide(row.key.table);
    check_limits(row.key, row.value);
  }
  if (rows.empty()) co_return;
  Time const now = needs_.clock.now();
  std::vector<Request> requests;
  requests.reserve(rows.size());
  auto const listed = list_buckets(rows, requests);
  for (RawRow const& row : rows) {
    TableLayout const& layout = needs_.layout.of(row.key.table);
    Request request{.statement = row.erased ? layout.erase : layout.put, .values = {number_value(row.header.version)}};
    if (!row.erased) {
      request.values.push_back(ttl(row.header.expires_at, now));
      request.values.push_back(cell_of(row.header, row.value));
    }
    for (std::string& value : place(layout, row.key)) request.values.push_back(std::move(value));
    requests.push_back(std::move(request));
  }
  co_await needs_.session.ask(Verb::write, std::move(requests));
  if (listed.empty()) co_return;
  std::lock_guard const lock(mutex_);
  for (std::string const& name : listed) listed_.put(name, {});
}

Task<void> CassandraWide::put(std::vector<WidePut> puts) {
  at_most(puts.size(), scan_max, "rows of one wide put");
  std::vector<RawRow> rows;
  rows.reserve(puts.size());
  for (WidePut& put : puts)
    rows.push_back({std::move(put.key), {.version = put.version, .expires_at = put.expires_at}, std::move(put.value)});
  co_await write(std::move(rows));
}

Task<void> CassandraWide::erase(std::vector<WideErase> erases) {
  at_most(erases.size(), scan_max, "rows of one wide erase");
  std::vector<RawRow> rows;
  rows.reserve(erases.size());
  for (WideErase& erase : erases) rows.push_back({std::move(erase.key), {.version = erase.version}, {}, true});
  co_await write(std::move(rows));
}

Task<void> CassandraWide::spread(Spread spread) {
  at_most(spread.partitions.size(), spread_max, "partitions of one spread");
  RowHeader const header{.version = spread.version, .expires_at = spread.expires_at};
  std::vector<RawRow> rows;
  rows.reserve(spread.partitions.size());
  for (std::string& partition : spread.partitions)
    rows.push_back({{spread.table, std::move(partition), spread.sort}, header, spread.value});
  co_await write(std::move(rows));
}

Task<void> CassandraWide::apply(std::vector<RawRow> rows) {
  at_most(rows.size(), scan_max, "rows of one apply");
  co_await write(std::move(rows));
}

}  // namespace kith::cassandra
