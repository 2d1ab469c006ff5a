#include "ports/secrets/rocksdb.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "base/check.h"
#include "base/error.h"
#include "ports/secrets/key_cache.h"

namespace kith {
namespace {

// A stored value: its form, then for a key the number of the wrapping key, a nonce and the sealed key.
constexpr char form_destroyed = 0;
constexpr char form_wrapped = 1;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t sealed_size = sizeof(DataKey) + crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t wrapped_size = 2 + nonce_size + sealed_size;

// A key of nobody, wrapped at the first start: opening it proves that the server's key is the right one.
constexpr AccountId proof{0};

Error failed(char const* verb, rocksdb::Status const& status) {
  return {Code::unavailable, "Storage is not available", std::string("keys: ") + verb + ": " + status.ToString()};
}

std::string place_of(AccountId owner) {
  std::string place(8, '\0');
  for (int i = 0; i < 8; ++i) place[static_cast<std::size_t>(i)] = static_cast<char>(owner.value >> (56 - 8 * i));
  return place;
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
unsigned char const* bytes(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }

std::string wrap(ServerKey const& server, Random& random, AccountId owner, DataKey const& key) {
  std::string value(wrapped_size, '\0');
  value[0] = form_wrapped;
  value[1] = static_cast<char>(server.number);
  unsigned char* const nonce = bytes(value) + 2;
  random.fill({nonce, nonce_size});
  std::string const place = place_of(owner);  // a key moved to another account does not open
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + nonce_size, nullptr, key.data(), key.size(), bytes(place),
                                             place.size(), nullptr, nonce, server.wrap.data());
  return value;
}

// Null for a destroyed key.
DataKeyPtr unwrap(ServerKey const& server, AccountId owner, std::string_view value) {
  if (value.size() == 1 && value[0] == form_destroyed) return nullptr;
  DataKey key;
  std::string const place = place_of(owner);
  bool const opens = value.size() == wrapped_size && value[0] == form_wrapped &&
                     static_cast<unsigned char>(value[1]) == server.number &&
                     crypto_aead_xchacha20poly1305_ietf_decrypt(
                         key.data(), nullptr, nullptr, bytes(value) + 2 + nonce_size, sealed_size, bytes(place),
                         place.size(), bytes(value) + 2, server.wrap.data()) == 0;
  if (!opens)
    throw Error{Code::internal, "Something is wrong on this server",
                "keys: the key of account " + to_string(owner) + " does not open with server.key"};
  DataKeyPtr unwrapped = wiped_after_use(key);
  sodium_memzero(key.data(), key.size());
  return unwrapped;
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
    std::filesystem::path const data(folder), file = data / "server.key", keys = data / "keys";
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
    std::string proven;
    auto const status = db->Get({}, place_of(proof), &proven);
    if (!status.ok() && !status.IsNotFound()) throw failed("begin", status);
    if (std::filesystem::exists(file))
      server = read_server_key(file);
    else if (status.IsNotFound())
      server = make_server_key(file);
    else
      throw Error{Code::invalid, "The server's key " + file.string() + " is missing, and without it nothing in " +
                                     keys.string() + " opens: put back your copy of it"};
    if (status.IsNotFound()) return put({{proof, new_key()}});
    try {
      unwrap(server, proof, proven);
    } catch (Error const& error) {
      throw Error{Code::invalid,
                  "The server's key " + file.string() + " is not the one that the keys in " + keys.string() +
                      " were made with: put back your copy of that one",
                  error.detail};
    }
  }

  DataKeyPtr new_key() {
    DataKey key;
    needs.random.fill(key);
    DataKeyPtr kept = wiped_after_use(key);
    sodium_memzero(key.data(), key.size());
    return kept;
  }

  void put(std::vector<std::pair<AccountId, DataKeyPtr>> const& keys) {
    rocksdb::WriteBatch batch;
    for (auto const& [owner, key] : keys) batch.Put(place_of(owner), wrap(server, needs.random, owner, *key));
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
      auto const status = db->Get({}, place_of(owner), &value);
      if (!status.ok() && !status.IsNotFound()) throw failed("create", status);
      if (status.IsNotFound()) keys.emplace_back(owner, new_key());
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
    auto const status = db->Get(options, place_of(owner), &value);
    if (status.IsIncomplete()) return false;
    if (status.IsNotFound()) return true;
    if (!status.ok()) throw failed("get", status);
    key = unwrap(server, owner, value);
    if (key) copies.put(owner, key, ticket);
    return true;
  }

  void destroy(AccountId owner) {
    std::lock_guard const lock(writing);
    std::string const place = place_of(owner);
    rocksdb::WriteBatch batch;
    batch.Put(place, std::string_view(&form_destroyed, 1));
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
  check(owners.size() <= key_batch_max, "a batch of keys has a limit");
  check(std::ranges::none_of(owners, [](AccountId owner) { return owner == proof; }), "nobody has no key");
  std::ranges::sort(owners);
  owners.erase(std::ranges::unique(owners).begin(), owners.end());
  Store& store = *store_;
  co_await store.needs.workers.run([&store, &owners] { store.create(owners); });
}

Task<DataKeyPtr> StoredKeys::get(AccountId owner) {
  Store& store = *store_;
  if (DataKeyPtr key = store.copies.get(owner)) co_return key;
  if (owner == proof) co_return nullptr;
  DataKeyPtr key;
  if (store.read(owner, rocksdb::kBlockCacheTier, key)) co_return key;
  co_await store.needs.workers.run([&store, owner, &key] { store.read(owner, rocksdb::kReadAllTier, key); });
  co_return key;
}

Task<void> StoredKeys::destroy(AccountId owner) {
  check(owner != proof, "nobody has no key");
  Store& store = *store_;
  co_await store.needs.workers.run([&store, owner] { store.destroy(owner); });
}

}  // namespace kith
