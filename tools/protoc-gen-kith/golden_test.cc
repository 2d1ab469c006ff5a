#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace {

std::string text_of(std::string const& path) {
  std::ifstream const file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Golden : public testing::TestWithParam<char const*> {};

TEST_P(Golden, GeneratedFileIsTheOneThatWasReviewed) {
  std::string const name = std::string("/tools/protoc-gen-kith/testdata/") + GetParam();
  std::stringstream made(text_of(GENERATED + name));
  std::stringstream expected(text_of(SOURCES + name + ".expected"));
  ASSERT_FALSE(expected.str().empty());
  std::string is, should;
  for (int line = 1;; ++line) {
    bool const more = static_cast<bool>(std::getline(made, is));
    ASSERT_EQ(more, static_cast<bool>(std::getline(expected, should))) << "one file ends at line " << line;
    if (!more) break;
    ASSERT_EQ(is, should) << "line " << line << " of " << name
                          << "; if this is wanted: ninja -C build/dev renew_golden";
  }
}
INSTANTIATE_TEST_SUITE_P(Files, Golden,
                         testing::Values("sample.kith.h", "sample.kith.cc", "sample_events.kith.h",
                                         "sample_events.kith.cc"),
                         [](auto const& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
