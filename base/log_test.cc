#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace kith {
namespace {

TEST(Log, WritesOneJsonObjectALineAndNothingBelowItsLevel) {
  std::string const file = "log_test.log";
  std::filesystem::remove(file);
  start_logging({.level = LogLevel::info, .file = file});
  log(LogLevel::debug, "not this");
  log(LogLevel::info, "listening", {{"address", "127.0.0.1"}, {"port", 80}, {"tls", false}, {"load", 0.5}});
  log(LogLevel::warn, "a \"quoted\"\nline");
  stop_logging();

  std::ifstream in(file);
  std::string const text(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_NE(text.find(R"("level":"info","what":"listening","address":"127.0.0.1","port":80,"tls":false,"load":0.5})"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("what":"a \"quoted\"\nline"})"), std::string::npos) << text;
}

TEST(Log, SaysInOneSentenceThatItsFileCannotBeOpened) {
  try {
    start_logging({.file = "/proc/no/such/folder/log"});
    FAIL() << "a log file below /proc was opened";
  } catch (Error const& error) {
    EXPECT_EQ(error.say, "The log file /proc/no/such/folder/log cannot be opened");
  }
}

}  // namespace
}  // namespace kith
