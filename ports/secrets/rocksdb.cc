#include "ports/secrets/rocksdb.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <optional>

#include "base/check.h"
#include "base/error.h"
#include "ports/secrets/key_cache.h"
#include "ports/secrets/wrapping.h"

namespace kith {
namespace {

Error failed(char const* verb, rocksdb::Status const& status) {
  return {Code::unavailable, "Storage is not available", std::string("keys: ") + verb + ": " + status.ToString()};
}

rocksdb::Options small_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  // 80 bytes a key: 100,000 people are 8 MB. Memory is for posts, not for this.
  options.write_buffer_size = 256 << 10;
  options.arena_block_size = 16 << 10;
  options.max_write_buffer_number = 2;
  options.max_open_files = 32;
  options.max_background_jobs = 1;
  options.compression = rocksdb::kNoCompression;  // noise does not compress
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_manifest_file_size = 1 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(1 << 20, 0);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

class StoredKeys::Store {
 public:
  Store(std::string const& folder, Needs needs)
      : needs(needs), copies(needs.clock, needs.copies_max, needs.copies_kept) {
    start_sodium();
    std::filesystem::path const data(folder),
        keys = data / "keys",
        file = needs.server_key.empty() ? data / "server.key" : std::filesystem::path(needs.server_key);
    std::error_code ignored;
    std::filesystem::create_directories(keys, ignored);
    std::filesystem::permissions(keys, std::filesystem::perms::owner_all, ignored);
    rocksdb::DB* opened = nullptr;
    if (auto const status = rocksdb::DB::Open(small_options(), keys, &opened); !status.ok()) {
      // It says "While lock file: .../LOCK: Resource temporarily unavailable".
      if (status.IsIOError() && status.ToString().find("lock") != std::string::npos)
        throw Error{Code::unavailable, "The data folder " + folder + " is in use by another process",
                    status.ToString()};
      throw Error{Code::unavailable, "Cannot open the keys in " + keys.string() + ": " + status.ToString()};
    }
    db.reset(opened);
    begin(file, keys);
  }

  void begin(std::filesystem::path const& file, std::filesystem::path const& keys) {
    std::string stored;
    auto const status = db->Get({}, place_of_key(proof_of_key), &stored);
    if (!status.ok() && !status.IsNotFound()) throw failed("begin", status);
    std::optional<std::string> proof;
    if (status.ok()) proof = std::move(stored);
    server = server_key_for(file.string(), keys.string(), proof);
    if (!proof) put({{proof_of_key, new_data_key(needs.random)}});
  }

  void put(std::vector<std::pair<AccountId, DataKeyPtr>> const& keys) {
    rocksdb::WriteBatch batch;
    for (auto const& [owner, key] : keys) batch.Put(place_of_key(owner), wrapped(server, needs.random, owner, *key));
    write(batch, "create");
  }

  void write(rocksdb::WriteBatch& batch, char const* verb) {
    rocksdb::WriteOptions options;
    options.sync = true;
    if (auto const status = db->Write(options, &batch); !status.ok()) throw failed(verb, status);
  }

  void create(std::vector<AccountId> const& owners) {
    std::uint64_t const ticket = copies.ticket();
    std::lock_guard const lock(writing);
    std::vector<std::pair<AccountId, DataKeyPtr>> keys;
    for (AccountId const owner : owners) {
      std::string value;
      auto const status = db->Get({}, place_of_key(owner), &value);
      if (!status.ok() && !status.IsNotFound()) throw failed("create", status);
      if (status.IsNotFound()) keys.emplace_back(owner, new_data_key(needs.random));
    }
    if (keys.empty()) return;
    put(keys);
    for (auto& [owner, key] : keys) copies.put(owner, std::move(key), ticket);
  }

  // Whether the store answered; from memory only when `tier` says so.
  bool read(AccountId owner, rocksdb::ReadTier tier, DataKeyPtr& key) {
    std::uint64_t const ticket = copies.ticket();
    rocksdb::ReadOptions options;
    options.read_tier = tier;
    std::string value;
    auto const status = db->Get(options, place_of_key(owner), &value);
    // Of a file that is not open it says in this tier that all is well, and gives nothing; no stored value is empty.
    if (status.IsIncomplete() || (status.ok() && value.empty())) return false;
    if (status.IsNotFound()) return true;
    if (!status.ok()) throw failed("get", status);
    key = unwrapped(server, owner, value);
    if (key) copies.put(owner, key, ticket);
    return true;
  }

  void destroy(AccountId owner) {
    std::lock_guard const lock(writing);
    std::string const place = place_of_key(owner);
    rocksdb::WriteBatch batch;
    batch.Put(place, destroyed_key());
    write(batch, "destroy");
    copies.forget(owner);
    // The wrapped key still lies in older files and the write-ahead log: rewrite those that hold it.
    if (auto const status = db->Flush({}); !status.ok()) throw failed("destroy", status);
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    rocksdb::Slice const here(place);
    if (auto const status = db->CompactRange(options, &here, &here); !status.ok()) throw failed("destroy", status);
  }

  Needs needs;
  ServerKey server;
  KeyCache copies;
  std::unique_ptr<rocksdb::DB> db;
  // A key is looked for and written without another one coming between; held by worker threads only.
  std::mutex writing;
};

StoredKeys::StoredKeys(std::string const& folder, Needs needs) : store_(std::make_unique<Store>(folder, needs)) {}
StoredKeys::~StoredKeys() = default;

ServerKey const& StoredKeys::server_key() const { return store_->server; }

Task<void> StoredKeys::create(AccountId owner) {
  std::vector<AccountId> owners(1, owner);
  co_await create_many(std::move(owners));
}

Task<void> StoredKeys::create_many(std::vector<AccountId> owners) {
  owners = new_owners(std::move(owners));
  Store& store = *store_;
  co_await store.needs.workers.run([&store, &owners] { store.create(owners); });
}

Task<DataKeyPtr> StoredKeys::get(AccountId owner) {
  Store& store = *store_;
  if (DataKeyPtr key = store.copies.get(owner)) co_return key;
  if (owner == proof_of_key) co_return nullptr;
  DataKeyPtr key;
  if (store.read(owner, rocksdb::kBlockCacheTier, key)) co_return key;
  co_await store.needs.workers.run([&store, owner, &key] { store.read(owner, rocksdb::kReadAllTier, key); });
  co_return key;
}

Task<void> StoredKeys::destroy(AccountId owner) {
  check(owner != proof_of_key, "nobody has no key");
  Store& store = *store_;
  co_await store.needs.workers.run([&store, owner] { store.destroy(owner); });
}

}  // namespace kith
