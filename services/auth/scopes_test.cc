#include "services/auth/scopes.h"

#include <gtest/gtest.h>

namespace kith::auth {
namespace {

TEST(Scopes, KnownWordsOnceEachAndNothingIsRead) {
  EXPECT_EQ(known_scopes("read write  follow push read"), "read write follow push");
  EXPECT_EQ(known_scopes(""), "read");
  EXPECT_EQ(known_scopes("read:statuses admin:write:reports profile"), "read:statuses admin:write:reports profile");
  for (char const* wrong : {"all", "read:everything", "read statuses", "admin", "write:", "READ"})
    EXPECT_EQ(known_scopes(wrong), std::nullopt) << wrong;
}

TEST(Scopes, WhatStandsAboveCovers) {
  EXPECT_TRUE(within("read:statuses", "read"));
  EXPECT_TRUE(within("write:follows read:blocks", "follow"));
  EXPECT_TRUE(within("", "read"));
  EXPECT_FALSE(within("read", "read:statuses"));
  EXPECT_FALSE(within("write", "read"));
  EXPECT_FALSE(within("readable", "read"));
}

}  // namespace
}  // namespace kith::auth
