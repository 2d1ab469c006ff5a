#include "base/file_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace kith {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

struct FileWatches : testing::Test {
  FileWatches() {
    fs::remove_all("watched");
    fs::create_directories("watched/first");
    fs::create_directories("watched/second");
    write("watched/first/secret", "one");
    write("watched/second/secret", "two");
    fs::create_directory_symlink("first", "watched/data");
  }
  static void write(fs::path const& file, std::string const& text) { std::ofstream(file) << text; }
  bool tells(int times) const {
    for (int i = 0; i < 500 && changes < times; ++i) std::this_thread::sleep_for(milliseconds(10));
    return changes >= times;
  }

  std::atomic<int> changes = 0;
};

TEST_F(FileWatches, TellOfFilesThatAreWrittenRenamedRemovedAndLinkedAnew) {
  write("watched/plain", "one");
  FileWatch const watch({"watched/plain", "watched/data/secret"}, [this] { ++changes; }, milliseconds(1));
  write("watched/plain", "longer");
  EXPECT_TRUE(tells(1));
  int before = changes;
  write("watched/new", "one");
  fs::rename("watched/new", "watched/plain");
  EXPECT_TRUE(tells(before + 1));
  before = changes;
  fs::create_directory_symlink("second", "watched/data.new");
  fs::rename("watched/data.new", "watched/data");
  EXPECT_TRUE(tells(before + 1));
  before = changes;
  fs::remove("watched/plain");
  EXPECT_TRUE(tells(before + 1));
}

TEST_F(FileWatches, SeeWhatIsReplacedWhileTheyTell) {
  std::mutex mutex;
  std::string read;
  FileWatch const watch(
      {"watched/data/secret"},
      [&] {
        std::lock_guard const lock(mutex);
        std::ifstream("watched/data/secret") >> read;
        // The other writer is done right after this reader.
        if (++changes == 1) write("watched/first/secret", "the-last");
      },
      milliseconds(1));
  write("watched/first/secret", "second");
  auto const holds = [&] {
    std::lock_guard const lock(mutex);
    return read == "the-last";
  };
  for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(holds());
}

}  // namespace
}  // namespace kith
