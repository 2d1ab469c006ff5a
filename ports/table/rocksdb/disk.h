#pragma once

// A disk for tests: it forgets what was not synced when power is lost, and can be full or broken.
// Files lie in a real folder; what of them is durable is remembered here.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace kith {

class TestDisk final : public rocksdb::FileSystemWrapper {
 public:
  TestDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  char const* Name() const override { return "TestDisk"; }

  // What a write is answered with from now on; the bytes are not written.
  void full(bool yes) { full_ = yes; }
  void break_syncs(bool yes) { syncs_fail_ = yes; }
  void free_bytes(std::uint64_t bytes) { free_ = bytes; }
  // From now on nothing becomes durable any more: the moment power is lost, while the process still
  // runs on; its answers after this count for nothing.
  void lose_power() { dead_ = true; }
  // After the database was closed: files as they were durable. Power is back.
  void restart();
  bool dead() const { return dead_; }

  using Status = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  Status NewWritableFile(std::string const& name, rocksdb::FileOptions const& options,
                         std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status ReopenWritableFile(std::string const& name, rocksdb::FileOptions const& options,
                            std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status ReuseWritableFile(std::string const& name, std::string const& old_name, rocksdb::FileOptions const& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  Status RenameFile(std::string const& from, std::string const& to, Options const& options, Debug* debug) override;
  Status DeleteFile(std::string const& name, Options const& options, Debug* debug) override;
  Status GetFreeSpace(std::string const& path, Options const& options, std::uint64_t* free, Debug* debug) override;

 private:
  class File;
  Status refused() const;
  void written(std::string const& name, std::uint64_t size);
  void synced(std::string const& name, std::uint64_t size);
  std::unique_ptr<rocksdb::FSWritableFile> wrapped(std::string const& name,
                                                   std::unique_ptr<rocksdb::FSWritableFile> file);

  std::atomic<bool> full_ = false, syncs_fail_ = false, dead_ = false;
  std::atomic<std::uint64_t> free_ = UINT64_MAX;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> durable_;  // bytes of each file written since the last restart
};

}  // namespace kith
