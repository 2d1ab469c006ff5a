#include "ports/table/rocksdb/rings.h"

#include <algorithm>

#include "ports/table/rocksdb/newest.h"

namespace kith::rocks {
namespace {

// So many chunks of one feed are put together at its next flush.
constexpr std::size_t chunks_max = 8;
// So often the beginning of a feed is read for one question, while others write it; then all of it is.
constexpr int tries_max = 8;
// So often a bound is looked at: a call adds at most 1,000 indexes of 4 bytes.
constexpr std::uint64_t look_every = 64;

std::string_view view(rocksdb::Slice slice) { return {slice.data(), slice.size()}; }

// A cursor is the last row's key behind the table's number, as in walk_rows.
std::string cursor_at(std::string const& partition, std::string_view sort) {
  return static_cast<char>(partition.size() - 1) + partition + std::string(sort);
}

void cut_cursor(std::string const& cursor, std::string& partition, std::string& sort) {
  auto const size = cursor.empty() ? 0 : static_cast<unsigned char>(cursor.front()) + 1u;
  if (size == 0 || cursor.size() < 1 + size)
    throw Error{Code::invalid, "This cursor is not valid", "a walk goes on with the cursor it was given"};
  partition = cursor.substr(1, size);
  sort = cursor.substr(1 + size);
}

}  // namespace

Rings::Spreading* Rings::find(std::uint32_t table) const {
  std::lock_guard const lock(mutex_);
  auto const found = tables_.find(table);
  return found == tables_.end() ? nullptr : found->second.get();
}

Rings::Spreading& Rings::make(std::uint32_t table) {
  std::lock_guard const lock(mutex_);
  auto& made = tables_[table];
  if (!made) made = std::make_unique<Spreading>();
  return *made;
}

void Rings::replay() {
  std::unique_ptr<rocksdb::Iterator> const at(needs_.db.db->NewIterator({}, needs_.db.feeds));
  for (at->Seek("m"); at->Valid() && view(at->key()).starts_with('m'); at->Next())
    make(read_u32(at->key().data() + 1)).marked = true;
  for (at->Seek("j"); at->Valid() && view(at->key()).starts_with('j'); at->Next()) {
    given_ = read_u64(at->key().data() + 1);
    JournalRecord record = decode_record(view(at->value()));
    Spreading& table = make(record.table);
    for (JournalEntry const& entry : record.entries) table.rings.insert(entry.sort, entry.state, entry.partitions);
  }
  if (!at->status().ok()) throw failed("read the journal of feeds", at->status());
}

std::uint64_t Rings::give_number() {
  std::lock_guard const lock(numbers_);
  on_the_way_.insert(++given_);
  return given_;
}

void Rings::arrived(std::uint64_t number) {
  std::lock_guard const lock(numbers_);
  on_the_way_.erase(number);
}

// The last record of those before which all have their entries in the rings.
std::uint64_t Rings::all_arrived() const {
  std::lock_guard const lock(numbers_);
  return on_the_way_.empty() ? given_ : *on_the_way_.begin() - 1;
}

bool Rings::serves(Table table) const {
  Spreading const* const spreading = find(table->number);
  return spreading != nullptr && spreading->marked;
}

std::vector<std::pair<std::uint32_t, RingTable*>> Rings::tables() const {
  std::vector<std::pair<std::uint32_t, RingTable*>> all;
  std::lock_guard const lock(mutex_);
  for (auto const& [number, table] : tables_) all.emplace_back(number, &table->rings);
  return all;
}

// Rows that were on their way to where they lay before are written before the mark is, so whoever
// reads here finds them.
Task<void> Rings::mark(Table table, Spreading& spreading) {
  std::string const key = mark_key(table->number);
  PlainJob job([&](Lane& lane) { lane.batch().Put(needs_.db.feeds, key, std::string(table->name)); }, true);
  co_await needs_.lane.pass(job);
  spreading.marked = true;
}

Task<void> Rings::write(Table table, std::vector<JournalEntry> entries) {
  for (JournalEntry& entry : entries) {
    if (entry.state.version <= 0)
      throw Error{Code::internal, "Stored data cannot be written", "a row without a version"};
    if (entry.state.erased) entry.state.erased_at = needs_.db.clock.now();
  }
  Spreading& spreading = make(table->number);
  if (!spreading.marked) co_await mark(table, spreading);
  JournalRecord const journal{table->number, std::move(entries)};
  std::string const record = encode_record(journal);
  std::uint64_t number = 0;
  PlainJob job(
      [&](Lane& lane) {
        number = give_number();
        lane.batch().Put(needs_.db.feeds, journal_key(number), record);
      },
      is_truth(table));
  try {
    co_await needs_.lane.pass(job);
  } catch (...) {
    if (number != 0) arrived(number);
    throw;
  }
  for (JournalEntry const& entry : journal.entries) spreading.rings.insert(entry.sort, entry.state, entry.partitions);
  arrived(number);
  if (written_.fetch_add(1, std::memory_order_relaxed) % look_every == 0) nudge();
}

Task<void> Rings::answer(Spreading& table, RingTable::Query& query) {
  Range const& range = query.range;
  for (int tries = 0;; ++tries) {
    RingTable::Found const found = table.rings.query(query);
    if (found == RingTable::Found::yes) co_return;
    if (found == RingTable::Found::beyond || tries == tries_max) {
      co_await needs_.db.read([&] { read_beyond(table, query); });
      co_return;
    }
    std::uint64_t cleanings = 0;
    OnDisk disk;
    co_await needs_.db.read([&] {
      cleanings = table.rings.cleanings();
      disk = read_first(needs_.db, range.table->number, range.partition, query.wanted);
    });
    bool const installed =
        table.rings.install(range.partition, {disk.entries, disk.whole, disk.chunks.size() > chunks_max}, cleanings);
    if (installed) nudge();
  }
}

// Deep in a feed: all of it, from chunks and what is not yet in one.
void Rings::read_beyond(Spreading& table, RingTable::Query& query) {
  Range const& range = query.range;
  // In this order: what is flushed between the two is in both, not in none.
  std::vector<OwnEntry> const fresh = table.rings.fresh(range.partition);
  OnDisk disk = read_partition(needs_.db, range.table->number, range.partition, fresh);
  if (range.backwards) std::ranges::reverse(disk.entries);
  query.hits.clear();
  query.bytes.clear();
  query.more = false;
  for (EntryView const entry : disk.entries) {
    if (entry.sort < range.from || (!range.to.empty() && entry.sort >= range.to)) continue;
    query.hit(entry);
    if (query.more) return;
  }
}

Task<Scanned> Rings::scan(Range range) {
  Scanned page;
  if (range.limit == 0 || (!range.to.empty() && range.to <= range.from)) co_return page;
  Spreading& table = *find(range.table->number);
  RingTable::Query query{range, needs_.db.clock.now()};
  if (table.rings.query(query) != RingTable::Found::yes) co_await answer(table, query);
  page.more = query.more;
  page.rows.reserve(query.hits.size());
  std::string_view bytes = query.bytes;
  for (RingTable::Hit const& hit : query.hits) {
    RowKey key{range.table, range.partition, std::string(take_bytes(bytes, hit.sort_size))};
    RowPtr row = range.table->parse(key, hit.header, take_bytes(bytes, hit.value_size));
    page.rows.push_back({std::move(key), std::move(row)});
  }
  co_return page;
}

Task<std::vector<RowPtr>> Rings::get(std::vector<RowKey> keys) {
  std::vector<RowPtr> rows;
  rows.reserve(keys.size());
  for (RowKey& key : keys) {
    Range range{.table = key.table, .partition = std::move(key.partition), .from = key.sort, .limit = 1};
    range.to = key.sort + '\0';
    Scanned page = co_await scan(std::move(range));
    rows.push_back(page.rows.empty() ? nullptr : std::move(page.rows.front().row));
  }
  co_return rows;
}

RawPage Rings::walk(Table table, std::string const& cursor, std::size_t limit) {
  RawPage page;
  std::string partition, sort;
  bool inside = !cursor.empty();
  if (inside)
    cut_cursor(cursor, partition, sort);
  else
    flush();  // what comes later need not come
  Time const now = needs_.db.clock.now();
  limit = std::max<std::size_t>(limit, 1);
  for (;;) {
    if (!inside) partition = next_partition(needs_.db, table->number, partition);
    if (partition.empty()) break;
    OnDisk const disk = read_partition(needs_.db, table->number, partition);
    for (EntryView const entry : disk.entries) {
      RowState state = decode_state(entry.state);
      if ((inside && entry.sort <= sort) || !state.lives(now)) continue;
      if (page.rows.size() == limit) return page;
      page.cursor = cursor_at(partition, entry.sort);
      page.rows.push_back({{table, partition, std::string(entry.sort)}, state.header(), std::move(state.value)});
    }
    inside = false;
  }
  page.cursor.clear();
  return page;
}

RingTable::Counts Rings::counts() const {
  RingTable::Counts sum;
  for (auto const& [number, rings] : tables()) {
    auto const counts = rings->counts();
    sum.rings += counts.rings;
    sum.bytes += counts.bytes;
    sum.dirty += counts.dirty;
  }
  return sum;
}

}  // namespace kith::rocks
