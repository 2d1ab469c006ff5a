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
  std::string const file = testing::TempDir() + "kith_log_test.log";
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

TEST(Log, WritesTextForPeopleOnWhichNobodyForgesALine) {
  std::string const file = testing::TempDir() + "kith_log_text_test.log";
  std::filesystem::remove(file);
  start_logging({.level = LogLevel::info, .file = file, .format = LogFormat::text});
  log(LogLevel::debug, "not this");
  log(LogLevel::info, "now listening", {{"address", "127.0.0.1"}, {"port", 80}, {"tls", false}, {"load", 0.5}});
  log(LogLevel::warn, "request", {{"path", "/a b\nerror x=1"}, {"client", ""}, {"name", "a=b"}, {"quoted", "\""}});
  log(LogLevel::error, "two\nlines");
  stop_logging();

  std::ifstream in(file);
  std::string line;
  auto const next = [&] {
    std::getline(in, line);
    EXPECT_EQ(line.find('T'), 10u);
    return line.substr(line.find(' ') + 1);
  };
  EXPECT_EQ(next(), "info now listening address=127.0.0.1 port=80 tls=no load=0.5");
  EXPECT_EQ(next(), R"(warn request path="/a b\nerror x=1" client="" name="a=b" quoted="\"")");
  EXPECT_EQ(next(), R"(error "two\nlines")");
  EXPECT_FALSE(std::getline(in, line));
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
