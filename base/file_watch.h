#pragma once

// Tells when files were replaced, however that is done: written over, renamed into place, or by another target of
// a link on their way. A look a second at what the file system says of them costs nothing worth a watch of its own.

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kith {

class FileWatch {
 public:
  // `changed` runs on a thread of the watch's own, after each change since this call; it must not throw. Files that
  // belong together may be replaced one after another, so it may be called while they do not yet fit.
  FileWatch(std::vector<std::string> files, std::function<void()> changed,
            std::chrono::milliseconds every = std::chrono::seconds{1});
  // Waits for a `changed` that runs.
  ~FileWatch();

 private:
  struct Mark {
    dev_t device = 0;
    ino_t number = 0;
    off_t size = 0;
    std::timespec written = {};
    friend bool operator==(Mark const& one, Mark const& other) {
      return one.device == other.device && one.number == other.number && one.size == other.size &&
             one.written.tv_sec == other.written.tv_sec && one.written.tv_nsec == other.written.tv_nsec;
    }
  };
  std::vector<Mark> marks() const;
  void watch();

  std::vector<std::string> const files_;
  std::function<void()> const changed_;
  std::chrono::milliseconds const every_;
  std::vector<Mark> seen_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace kith
