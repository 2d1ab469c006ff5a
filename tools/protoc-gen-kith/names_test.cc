#include "tools/protoc-gen-kith/names.h"

#include <gtest/gtest.h>

namespace kith_plugin {
namespace {

TEST(Names, CallsAreSnakeCase) {
  EXPECT_EQ(snake_case("See"), "see");
  EXPECT_EQ(snake_case("GetMany"), "get_many");
  EXPECT_EQ(snake_case("HTTPStatus"), "http_status");
  EXPECT_EQ(snake_case("GetV2Page"), "get_v2_page");
  EXPECT_EQ(upper_snake_case("TieKind"), "TIE_KIND");
}

TEST(Names, WordsOfTheLanguageGetATrailingUnderscore) {
  for (char const* word : {"friend", "public", "delete", "default", "register", "export", "co_await", "errno"})
    EXPECT_EQ(not_a_keyword(word), std::string(word) + '_');
  EXPECT_EQ(not_a_keyword("friends"), "friends");
}

TEST(Names, TextIsALiteralAgain) { EXPECT_EQ(quoted("a \"b\" \\ c\nd"), R"("a \"b\" \\ c\nd")"); }

}  // namespace
}  // namespace kith_plugin
