#include "ports/table/rocksdb/disk.h"

#include <filesystem>

namespace kith {

using rocksdb::IOStatus;
using rocksdb::Slice;

class TestDisk::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(TestDisk& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(Slice const& data, Options const& options, Debug* debug) override {
    if (auto const status = disk_.refused(); !status.ok()) return status;
    size_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  IOStatus Append(Slice const& data, Options const& options, rocksdb::DataVerificationInfo const&,
                  Debug* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, Options const& options, Debug* debug) override {
    size_ = size;
    return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
  }
  IOStatus Sync(Options const& options, Debug* debug) override {
    if (disk_.syncs_fail_) return IOStatus::IOError("the disk does not answer");
    IOStatus status = FSWritableFileOwnerWrapper::Flush(options, debug);
    if (status.ok()) disk_.synced(name_, size_);
    return status;
  }
  IOStatus Fsync(Options const& options, Debug* debug) override { return Sync(options, debug); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, Options const&, Debug*) override { return IOStatus::OK(); }

 private:
  TestDisk& disk_;
  std::string name_;
  std::uint64_t size_ = 0;
};

IOStatus TestDisk::refused() const {
  if (full_) return IOStatus::NoSpace("the disk is full");
  return IOStatus::OK();
}

void TestDisk::synced(std::string const& name, std::uint64_t size) {
  std::lock_guard const lock(mutex_);
  if (!dead_) durable_[name] = size;
}

std::unique_ptr<rocksdb::FSWritableFile> TestDisk::wrapped(std::string const& name,
                                                           std::unique_ptr<rocksdb::FSWritableFile> file) {
  {
    std::lock_guard const lock(mutex_);
    durable_[name] = 0;
  }
  return std::make_unique<File>(*this, name, std::move(file));
}

IOStatus TestDisk::NewWritableFile(std::string const& name, rocksdb::FileOptions const& options,
                                   std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  if (auto const status = refused(); !status.ok()) return status;
  auto status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (status.ok()) *file = wrapped(name, std::move(*file));
  return status;
}

IOStatus TestDisk::ReopenWritableFile(std::string const& name, rocksdb::FileOptions const& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  return NewWritableFile(name, options, file, debug);
}

IOStatus TestDisk::ReuseWritableFile(std::string const& name, std::string const& old_name,
                                     rocksdb::FileOptions const& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  auto const status = RenameFile(old_name, name, {}, debug);
  return status.ok() ? NewWritableFile(name, options, file, debug) : status;
}

// Names are taken as durable at once: RocksDB syncs its folders where it matters.
IOStatus TestDisk::RenameFile(std::string const& from, std::string const& to, Options const& options, Debug* debug) {
  if (dead_) return IOStatus::IOError("there is no power");
  auto const status = FileSystemWrapper::RenameFile(from, to, options, debug);
  std::lock_guard const lock(mutex_);
  if (auto const found = durable_.find(from); status.ok() && found != durable_.end()) {
    durable_[to] = found->second;
    durable_.erase(found);
  }
  return status;
}

IOStatus TestDisk::DeleteFile(std::string const& name, Options const& options, Debug* debug) {
  if (dead_) return IOStatus::IOError("there is no power");
  auto const status = FileSystemWrapper::DeleteFile(name, options, debug);
  std::lock_guard const lock(mutex_);
  durable_.erase(name);
  return status;
}

IOStatus TestDisk::GetFreeSpace(std::string const&, Options const&, std::uint64_t* free, Debug*) {
  *free = free_;
  return IOStatus::OK();
}

void TestDisk::restart() {
  std::lock_guard const lock(mutex_);
  for (auto const& [name, size] : durable_) {
    std::error_code gone;
    if (std::filesystem::file_size(name, gone) > size && !gone) std::filesystem::resize_file(name, size, gone);
  }
  durable_.clear();
  dead_ = full_ = syncs_fail_ = false;
  free_ = UINT64_MAX;
}

}  // namespace kith
