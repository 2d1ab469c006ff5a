#include "ports/table/rocksdb/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace kith::rocks {
namespace {

// A file of the letters a to p, so many of each.
struct Letters : testing::Test {
  static constexpr std::size_t each = 4096;

  Letters() {
    std::ofstream out(name);
    for (char letter = 'a'; letter <= 'p'; ++letter) out << std::string(each, letter);
  }
  ~Letters() override { std::filesystem::remove(name); }

  std::unique_ptr<rocksdb::FSRandomAccessFile> open(bool of_the_system) {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    auto const files = without_waiting(rocksdb::FileSystem::Default(), of_the_system);
    EXPECT_TRUE(files->NewRandomAccessFile(name, {}, &file, nullptr).ok());
    return file;
  }
  rocksdb::IOStatus read(rocksdb::FSRandomAccessFile& file, std::size_t place) {
    return file.Read(place * each, each, {}, &found, bytes.data(), nullptr);
  }

  std::string const name = std::filesystem::current_path() / ("letters" + std::to_string(::getpid()));
  std::array<char, each> bytes{};
  rocksdb::Slice found;
};

// Which system keeps what in memory is its own affair: an answer is right, or there is none.
TEST_F(Letters, AreReadAtOnceOrNotAtAllWhileNobodyMayWait) {
  auto const file = open(true);
  for (std::size_t i = 0; i < 16; ++i) {
    NoWait at_once;
    auto const status = read(*file, i);
    EXPECT_EQ(status.ok(), !at_once.refused());
    EXPECT_EQ(status.IsIncomplete(), at_once.refused());
    if (status.ok()) EXPECT_EQ(found.ToString(), std::string(each, static_cast<char>('a' + i)));
  }
}

TEST_F(Letters, AreReadInAnyCaseWhereOneMayWait) {
  auto const file = open(true);
  for (std::size_t i = 0; i < 16; ++i) {
    ASSERT_TRUE(read(*file, i).ok());
    EXPECT_EQ(found.ToString(), std::string(each, static_cast<char>('a' + i)));
  }
}

TEST_F(Letters, AreNotReadAtOnceBeyondWhatALoopHasTimeFor) {
  auto const file = open(true);
  NoWait at_once;
  for (int i = 0; i < NoWait::reads_max; ++i) read(*file, 0);
  EXPECT_TRUE(read(*file, 0).IsIncomplete());
  EXPECT_TRUE(at_once.refused());
}

TEST_F(Letters, AreNotReadAtOnceFromWhatIsNoFileOfTheSystem) {
  auto const file = open(false);
  {
    NoWait at_once;
    EXPECT_TRUE(read(*file, 0).IsIncomplete());
    std::array<rocksdb::FSReadRequest, 2> requests;
    for (auto& request : requests) {
      request.offset = 0;
      request.len = each;
      request.scratch = bytes.data();
    }
    EXPECT_TRUE(file->MultiRead(requests.data(), requests.size(), {}, nullptr).ok());
    for (auto const& request : requests) EXPECT_TRUE(request.status.IsIncomplete());
  }
  EXPECT_TRUE(read(*file, 0).ok());
}

}  // namespace
}  // namespace kith::rocks
