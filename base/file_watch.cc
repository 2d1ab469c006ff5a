#include "base/file_watch.h"

#include <sys/stat.h>

namespace kith {

FileWatch::FileWatch(std::vector<std::string> files, std::function<void()> changed, std::chrono::milliseconds every)
    : files_(std::move(files)), changed_(std::move(changed)), every_(every), seen_(marks()), thread_([this] {
        watch();
      }) {}

FileWatch::~FileWatch() {
  {
    std::lock_guard const lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  thread_.join();
}

std::vector<FileWatch::Mark> FileWatch::marks() const {
  std::vector<Mark> marks;
  for (std::string const& file : files_) {
    struct stat found = {};
    // One that is not there for a moment has a mark of its own.
    bool const there = ::stat(file.c_str(), &found) == 0;
    marks.push_back(there ? Mark{found.st_dev, found.st_ino, found.st_size, found.st_mtim} : Mark{});
  }
  return marks;
}

void FileWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, every_, [this] { return ended_; })) {
    lock.unlock();
    // Taken before they are read: what is replaced meanwhile is a change of its own.
    if (auto now = marks(); now != seen_) {
      seen_ = std::move(now);
      changed_();
    }
    lock.lock();
  }
}

}  // namespace kith
