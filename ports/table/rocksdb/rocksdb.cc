#include "ports/table/rocksdb/rocksdb.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <unistd.h>

#include <charconv>
#include <fstream>

#include "ports/log/rocksdb/log.h"
#include "ports/table/rocksdb/strict.h"
#include "ports/table/rocksdb/wide.h"

namespace kith {
namespace {

// Counts up when an older program could not read what a newer one writes.
constexpr int format_version = 1;
constexpr std::uint64_t wal_bytes_max = 64 << 20;  // what a start after a crash reads: half a second

// Forgets rows that expired, and erases, when nothing can come any more that they would refuse.
class Forgetting final : public rocksdb::CompactionFilter {
 public:
  explicit Forgetting(Time now) : now_(now) {}
  char const* Name() const override { return "kith.forgetting"; }
  bool Filter(int, rocksdb::Slice const&, rocksdb::Slice const& value, std::string*, bool*) const override {
    return rocks::outlived({value.data(), value.size()}, now_);
  }

 private:
  Time now_;
};

class ForgettingFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ForgettingFactory(Clock& clock) : clock_(clock) {}
  char const* Name() const override { return "kith.forgetting"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      rocksdb::CompactionFilter::Context const&) override {
    return std::make_unique<Forgetting>(clock_.now());
  }

 private:
  Clock& clock_;
};

[[noreturn]] void refuse(std::string say, std::string detail = {}) {
  throw Error{Code::unavailable, std::move(say), std::move(detail)};
}

void write_durably(std::filesystem::path const& path, std::string const& text) {
  auto const fresh = path.string() + ".new";
  int const file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool const done =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  std::error_code error;
  if (done) std::filesystem::rename(fresh, path, error);
  if (!done || error) refuse("The data folder " + path.parent_path().string() + " cannot be written to");
}

void make_folder(std::filesystem::path const& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) refuse("The data folder " + folder.string() + " cannot be made: " + error.message());
}

void check_format(std::filesystem::path const& folder) {
  auto const path = folder / "format";
  std::ifstream file(path);
  std::string text;
  if (!std::getline(file, text)) {
    write_durably(path, std::to_string(format_version) + "\n");
    return;
  }
  int version = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (problem != std::errc() || version < 1)
    refuse("The file " + path.string() + " is not one of kith's: it should hold a version number");
  if (version > format_version)
    refuse("The data folder " + folder.string() + " was written by a newer version of kith (format " +
           std::to_string(version) + ", this program knows " + std::to_string(format_version) + ")");
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(RocksOptions const& options, Clock& clock,
                                                      std::shared_ptr<rocksdb::Cache> const& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions feeds;
  feeds.compression = rocksdb::kLZ4Compression;
  feeds.write_buffer_size = options.memtable_bytes / 2;
  feeds.max_write_buffer_number = 3;
  feeds.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::ColumnFamilyOptions const log = feeds;
  // Most look-ups in rows by key are for rows that are not there: reactions, ties.
  rocksdb::ColumnFamilyOptions rows = feeds;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rows.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rows.compaction_filter_factory = std::make_shared<ForgettingFactory>(clock);
  rows.memtable_whole_key_filtering = true;
  rows.memtable_prefix_bloom_size_ratio = 0.1;
  rows.periodic_compaction_seconds = 5 * 24 * 3600;
  // Each start writes some rows, and opening puts them into a file of their own: four starts must not rewrite a level.
  rows.level0_file_num_compaction_trigger = 8;
  return {{rocksdb::kDefaultColumnFamilyName, rows}, {"log", log}, {"feeds", feeds}};
}

rocksdb::DBOptions database(RocksOptions const& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.db_write_buffer_size = options.memtable_bytes;
  database.max_total_wal_size = wal_bytes_max;
  database.max_background_jobs = 2;
  database.max_open_files = -1;
  database.keep_log_file_num = 2;
  database.max_log_file_size = 1 << 20;
  database.info_log_level = rocksdb::WARN_LEVEL;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

}  // namespace

struct RocksStore::Parts {
  RocksOptions options;
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(rocks::without_waiting(
      options.env != nullptr ? options.env->GetFileSystem() : rocksdb::FileSystem::Default(), options.env == nullptr));
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::unique_ptr<rocksdb::DB> database;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocks::Db db;
  rocks::RowCache cache;
  rocks::Topic topic;
  rocks::Lane lane;
  rocks::Rings rings;
  rocks::RocksStrict strict;
  rocks::RocksWide wide;
  rocks::RocksLog log;

  Parts(Needs needs, RocksOptions given)
      : options(std::move(given)),
        db{needs.clock, needs.workers},
        cache(options.row_cache_bytes),
        topic(db),
        lane({db, cache, options.folder.string(), options.free_bytes_min}),
        rings({db, lane, options.ring_bytes, options.ring_entries_dirty_max}),
        strict({db, cache, lane, rings}),
        wide({db, cache, lane, rings}),
        log({db, lane, topic, options.retry_pause, options.clock_look}) {
    open();
    topic.open(rocks::RocksLog::seen_by_groups(db));
    log.listen();
    rings.start();
    lane.start(topic);
  }

  ~Parts() {
    rings.stop();
    lane.stop();
    log.close();
    for (auto* const handle : handles) database->DestroyColumnFamilyHandle(handle);
    if (database) database->Close();
  }

  void open() {
    make_folder(options.folder);
    check_room();
    check_format(options.folder);
    rocksdb::HyperClockCacheOptions cache_options(options.block_cache_bytes, 4096);
    block_cache = cache_options.MakeSharedCache();
    rocksdb::DB* opened = nullptr;
    auto const status = rocksdb::DB::Open(database_options(), (options.folder / "db").string(),
                                          families(options, db.clock, block_cache), &handles, &opened);
    if (!status.ok()) {
      std::string const why = status.ToString();
      if (why.find("lock") != std::string::npos && why.find("LOCK") != std::string::npos)
        refuse("The data folder " + options.folder.string() + " is in use by another process", why);
      refuse("The data folder " + options.folder.string() + " cannot be opened: " + why);
    }
    database.reset(opened);
    db.db = opened;
    db.rows = handles.at(0);
    db.log = handles.at(1);
    db.feeds = handles.at(2);
  }

  // Opening writes, and RocksDB ends the process where it has no room for that.
  void check_room() const {
    auto* const env = options.env != nullptr ? options.env : rocksdb::Env::Default();
    std::uint64_t free = 0;
    auto const status = env->GetFileSystem()->GetFreeSpace(options.folder.string(), {}, &free, nullptr);
    if (!status.ok() || free >= options.free_bytes_min) return;
    refuse("The disk of the data folder " + options.folder.string() + " is full: " + std::to_string(free >> 20) +
           " MiB are free, " + std::to_string(options.free_bytes_min >> 20) + " MiB are needed");
  }

  rocksdb::DBOptions database_options() const {
    rocksdb::DBOptions made = kith::database(options);
    made.env = env.get();
    return made;
  }
};

RocksStore::RocksStore(Needs needs, RocksOptions options)
    : parts_(std::make_unique<Parts>(needs, std::move(options))) {}
RocksStore::~RocksStore() = default;

Strict& RocksStore::strict() { return parts_->strict; }
Wide& RocksStore::wide() { return parts_->wide; }
Log& RocksStore::log() { return parts_->log; }

void RocksStore::start(std::vector<boost::asio::any_io_executor> executors) { parts_->log.start(std::move(executors)); }
Task<void> RocksStore::stop_delivery() { return parts_->log.stop(); }

Task<void> RocksStore::settle() {
  auto const status = co_await parts_->db.workers.run([this] { return parts_->database->FlushWAL(true); });
  if (!status.ok()) throw rocks::failed("sync", status);
}

void RocksStore::compact() {
  parts_->rings.put_together();
  for (auto* const handle : parts_->handles) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    auto const status = parts_->database->CompactRange(options, handle, nullptr, nullptr);
    if (!status.ok()) throw rocks::failed("compact", status);
  }
}

void RocksStore::checkpoint(std::filesystem::path const& to) const {
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(parts_->database.get(), &made);
  std::unique_ptr<rocksdb::Checkpoint> const checkpoint(made);
  std::error_code error;
  std::filesystem::create_directories(to, error);
  if (status.ok()) status = checkpoint->CreateCheckpoint((to / "db").string());
  if (!status.ok()) throw rocks::failed("copy the database", status);
  std::filesystem::copy_file(parts_->options.folder / "format", to / "format", error);
  if (error) throw Error{Code::unavailable, "The copy cannot be written", error.message()};
}

RocksStats RocksStore::stats() const {
  auto const cache = parts_->cache.counts();
  auto const lane = parts_->lane.counts();
  auto const rings = parts_->rings.counts();
  RocksStats stats{.row_cache_bytes = cache.bytes,
                   .row_cache_rows = cache.rows,
                   .row_cache_hits = cache.hits,
                   .row_cache_misses = cache.misses,
                   .block_cache_bytes = parts_->block_cache->GetUsage(),
                   .batches = lane.batches,
                   .jobs = lane.jobs,
                   .syncs = lane.syncs,
                   .jobs_waiting = lane.waiting,
                   .ring_bytes = rings.bytes,
                   .rings = rings.rings,
                   .ring_entries_dirty = rings.dirty,
                   .refusing = parts_->lane.refusing()};
  std::uint64_t number = 0;
  for (auto* const handle : parts_->handles) {
    if (parts_->database->GetIntProperty(handle, "rocksdb.cur-size-all-mem-tables", &number))
      stats.memtable_bytes += number;
    if (parts_->database->GetIntProperty(handle, "rocksdb.total-sst-files-size", &number)) stats.disk_bytes += number;
  }
  return stats;
}

}  // namespace kith
