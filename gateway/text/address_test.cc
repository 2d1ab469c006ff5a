#include "gateway/text/address.h"

#include <gtest/gtest.h>

namespace kith::text {
namespace {

constexpr std::string_view base = "https://kith.example";

OwnAddress read(std::string_view path) { return own_address(base, std::string(base) + std::string(path)).value(); }
bool foreign(std::string_view text) { return !own_address(base, text); }

TEST(OwnAddress, NamesAPersonOrAPost) {
  EXPECT_EQ(read("/@ada").handle, "ada");
  EXPECT_EQ(read("/@ada/?x=1").handle, "ada");
  EXPECT_EQ(read("/users/12").account, 12u);
  EXPECT_EQ(read("/posts/345#answers").post, 345u);
  EXPECT_EQ(read("/@ada/345").post, 345u);
  EXPECT_TRUE(read("/@ada/345").handle.empty());
}

TEST(OwnAddress, IsNoOtherAddress) {
  for (char const* const other :
       {"https://kith.example", "https://kith.example/", "https://kith.example/@", "https://kith.example/about",
        "https://kith.example/posts/", "https://kith.example/posts/x", "https://kith.example/posts/1/2",
        "https://kith.example/users/-1", "https://kith.example.org/@ada", "http://kith.example/@ada", "@ada", ""})
    EXPECT_TRUE(foreign(other)) << other;
}

}  // namespace
}  // namespace kith::text
