#include <unistd.h>

#include <filesystem>
#include <optional>

#include "ports/table/contract.h"
#include "ports/table/rocksdb/disk.h"
#include "ports/table/rocksdb/rocksdb.h"

namespace kith::contract {
namespace {

class RocksEngine final : public Engine {
 public:
  explicit RocksEngine(VirtualTime& time)
      : time_(time),
        folder_(std::filesystem::temp_directory_path() /
                ("kith-contract-" + std::to_string(::getpid()) + "-" + std::to_string(++made))) {}
  ~RocksEngine() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void open() override {
    workers_.emplace(1);
    RocksOptions options{.folder = folder_};
    options.row_cache_bytes = 1 << 20;
    options.block_cache_bytes = 1 << 20;
    options.clock_look = std::chrono::milliseconds{2};
    options.env = env_.get();
    store_.emplace(RocksStore::Needs{time_, *workers_}, std::move(options));
  }
  void start() override { store_->start({time_.executor()}); }
  void close() override {
    workers_.reset();
    store_.reset();
    time_.forget();
  }
  bool crash() override {
    disk_->lose_power();
    close();
    disk_->restart();
    return true;
  }

  Strict& strict() override { return store_->strict(); }
  Wide& wide() override { return store_->wide(); }
  Log& log() override { return store_->log(); }

 private:
  static inline int made = 0;
  VirtualTime& time_;
  std::filesystem::path folder_;
  std::shared_ptr<TestDisk> disk_ = std::make_shared<TestDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  std::optional<Workers> workers_;
  std::optional<RocksStore> store_;
};

}  // namespace

EngineKind rocksdb_engine() {
  return {"rocksdb", true, [](VirtualTime& time) { return std::make_unique<RocksEngine>(time); }};
}

}  // namespace kith::contract
