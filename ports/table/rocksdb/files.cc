#include "ports/table/rocksdb/files.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace kith::rocks {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSRandomAccessFile;
using rocksdb::FSRandomAccessFileOwnerWrapper;
using rocksdb::FSReadRequest;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

thread_local NoWait* not_waiting = nullptr;

class File final : public FSRandomAccessFileOwnerWrapper {
 public:
  // `file`: of our own for the same bytes, or -1.
  File(std::unique_ptr<FSRandomAccessFile> base, int file)
      : FSRandomAccessFileOwnerWrapper(std::move(base)), file_(file) {}
  ~File() override {
    if (file_ >= 0) ::close(file_);
  }

  IOStatus Read(std::uint64_t offset, std::size_t size, IOOptions const& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    if (not_waiting == nullptr)
      return FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, debug);
    iovec const part{scratch, size};
    if (file_ >= 0 && not_waiting->has_time() &&
        ::preadv2(file_, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT) == static_cast<ssize_t>(size)) {
      *result = Slice(scratch, size);
      return IOStatus::OK();
    }
    not_waiting->refuse();
    *result = Slice();
    return rocksdb::status_to_io_status(rocksdb::Status::Incomplete("the disk would be waited for"));
  }

  IOStatus MultiRead(FSReadRequest* requests, std::size_t count, IOOptions const& options,
                     IODebugContext* debug) override {
    if (not_waiting == nullptr) return FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
    for (FSReadRequest* each = requests; each != requests + count; ++each)
      each->status = Read(each->offset, each->len, options, &each->result, each->scratch, debug);
    return IOStatus::OK();
  }

  // Looking ahead may wait too.
  IOStatus Prefetch(std::uint64_t offset, std::size_t size, IOOptions const& options, IODebugContext* debug) override {
    if (not_waiting != nullptr) return IOStatus::OK();
    return FSRandomAccessFileOwnerWrapper::Prefetch(offset, size, options, debug);
  }

 private:
  int const file_;
};

class Files final : public rocksdb::FileSystemWrapper {
 public:
  Files(std::shared_ptr<rocksdb::FileSystem> const& base, bool of_the_system)
      : FileSystemWrapper(base), of_the_system_(of_the_system) {}

  char const* Name() const override { return "kith's files"; }

  IOStatus NewRandomAccessFile(std::string const& name, FileOptions const& options,
                               std::unique_ptr<FSRandomAccessFile>* file, IODebugContext* debug) override {
    std::unique_ptr<FSRandomAccessFile> base;
    IOStatus status = FileSystemWrapper::NewRandomAccessFile(name, options, &base, debug);
    if (!status.ok()) return status;
    int const own = of_the_system_ ? ::open(name.c_str(), O_RDONLY | O_CLOEXEC) : -1;
    *file = std::make_unique<File>(std::move(base), own);
    return status;
  }

 private:
  bool const of_the_system_;
};

}  // namespace

NoWait::NoWait() { not_waiting = this; }
NoWait::~NoWait() { not_waiting = nullptr; }

std::shared_ptr<rocksdb::FileSystem> without_waiting(std::shared_ptr<rocksdb::FileSystem> const& base,
                                                     bool of_the_system) {
  return std::make_shared<Files>(base, of_the_system);
}

}  // namespace kith::rocks
