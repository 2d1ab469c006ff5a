#include "ports/secrets/server_key.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace kith {
namespace {

class ServerKeyFile : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "server_key_test.key";
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  void write(std::string const& text) {
    std::ofstream(path_) << text;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
};

TEST_F(ServerKeyFile, IsReadAsItWasMade) {
  ServerKey const made = make_server_key(path_);
  ServerKey const read = read_server_key(path_);
  EXPECT_EQ(made.wrap, read.wrap);
  EXPECT_EQ(made.root, read.root);
  EXPECT_NE(made.wrap, made.root);
}

TEST_F(ServerKeyFile, DerivesAKeyForEachPurpose) {
  ServerKey const key = make_server_key(path_);
  EXPECT_EQ(key.derive("names"), key.derive("names"));
  EXPECT_NE(key.derive("names"), key.derive("cookies"));
  EXPECT_NE(key.derive("names"), key.root);
}

TEST_F(ServerKeyFile, RefusesWhatItIsNot) {
  EXPECT_THROW(read_server_key(path_), Error);
  std::string const digits(64, 'a');
  for (std::string const& text : {std::string(), std::string("hello\n"), "wrap 1 " + digits + "\n",
                                  "wrap 1 " + digits + "\nroot " + digits + "0\n",
                                  "wrap 1 " + digits + "\nroot " + digits + "\nwrap 2 " + digits + "\n",
                                  "wrap 1 " + digits.substr(2) + "\nroot " + digits + "\n"}) {
    write(text);
    EXPECT_THROW(read_server_key(path_), Error) << text;
  }
  write("# a remark\n\nwrap 1 " + digits + "\nroot " + digits);
  EXPECT_NO_THROW(read_server_key(path_));
}

TEST_F(ServerKeyFile, SaysWhenItCannotBeMade) { EXPECT_THROW(make_server_key("/proc/nowhere/server.key"), Error); }

}  // namespace
}  // namespace kith
