#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "base/all.h"
#include "base/error.h"
#include "base/run.h"
#include "ports/hash/argon2.h"
#include "ports/hash/cheap.h"
#include "ports/hash/tokens.h"
#include "ports/random/engines.h"

namespace kith {
namespace {

SystemRandom random_source;
constexpr Argon2Passwords::Cost low{.memory_bytes = 64 << 10, .passes = 1, .at_once = 2, .queued_max = 8};

struct Engine {
  char const* name;
  std::unique_ptr<Passwords> (*fresh)();
};

class PasswordsContract : public testing::TestWithParam<Engine> {
 protected:
  std::unique_ptr<Passwords> passwords_ = GetParam().fresh();
  std::string hash(std::string password) { return run(passwords_->hash(std::move(password))); }
  bool verify(std::string hash, std::string password) {
    return run(passwords_->verify(std::move(hash), std::move(password)));
  }
};

TEST_P(PasswordsContract, OnlyTheRightOneIsRight) {
  std::string const stored = hash("correct horse");
  EXPECT_TRUE(verify(stored, "correct horse"));
  for (char const* wrong : {"", "correct hors", "correct horse ", "Correct horse"})
    EXPECT_FALSE(verify(stored, wrong)) << wrong;
  EXPECT_EQ(stored.find("horse"), std::string::npos);
}

TEST_P(PasswordsContract, TwoHashesOfOnePasswordDiffer) { EXPECT_NE(hash("same"), hash("same")); }

TEST_P(PasswordsContract, NobodyHasNoRightPassword) {
  for (char const* stored : {"", "nonsense", "$argon2id$v=19$m=64,t=1,p=1$short", "cheap$"})
    for (char const* password : {"", "nobody", "x"}) EXPECT_FALSE(verify(stored, password)) << stored;
  EXPECT_FALSE(verify(std::string(5'000, 'x'), "x"));
}

TEST_P(PasswordsContract, AnyBytesArePartOfIt) {
  std::string const odd("a\0b\xff\n", 5);
  EXPECT_TRUE(verify(hash(odd), odd));
  EXPECT_FALSE(verify(hash(odd), "a"));
  EXPECT_TRUE(verify(hash(""), ""));
}

TEST_P(PasswordsContract, TheLimitIsExact) {
  std::string const longest(password_bytes_max, 'x');
  std::string const stored = hash(longest);
  EXPECT_TRUE(verify(stored, longest));
  EXPECT_FALSE(verify(stored, longest + 'x'));
  try {
    hash(longest + 'x');
    FAIL() << "a password beyond the limit";
  } catch (Error const& error) {
    EXPECT_EQ(error.code, Code::invalid);
  }
}

TEST_P(PasswordsContract, WhatItMadeItselfIsNotOutdated) {
  EXPECT_FALSE(passwords_->outdated(hash("x")));
  EXPECT_TRUE(passwords_->outdated(""));
  EXPECT_TRUE(passwords_->outdated("nonsense"));
}

INSTANTIATE_TEST_SUITE_P(Engines, PasswordsContract,
                         testing::Values(Engine{"argon2",
                                                []() -> std::unique_ptr<Passwords> {
                                                  return std::make_unique<Argon2Passwords>(low);
                                                }},
                                         Engine{"cheap",
                                                []() -> std::unique_ptr<Passwords> {
                                                  return std::make_unique<CheapPasswords>(random_source);
                                                }}),
                         [](auto const& engine) { return std::string(engine.param.name); });

TEST(Argon2, ADearerCostOutdatesCheaperHashesAndStillReadsThem) {
  Argon2Passwords before(low), now({.memory_bytes = 128 << 10, .passes = 2, .at_once = 1, .queued_max = 8});
  std::string const old = run(before.hash("x"));
  EXPECT_TRUE(now.outdated(old));
  EXPECT_TRUE(run(now.verify(old, "x")));
}

TEST(Argon2, TheDefaultIsArgon2idOf19MiBAndTwoPasses) {
  Argon2Passwords passwords({});
  EXPECT_TRUE(run(passwords.hash("x")).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

Task<std::size_t> refused(Passwords& passwords, std::size_t asked) {
  std::vector<Task<int>> tasks;
  for (std::size_t i = 0; i < asked; ++i)
    tasks.push_back([](Passwords& passwords) -> Task<int> {
      try {
        co_await passwords.hash("x");
      } catch (Error const& error) {
        co_return error.code == Code::unavailable ? 1 : 1'000;
      }
      co_return 0;
    }(passwords));
  std::size_t sum = 0;
  for (int one : co_await all(std::move(tasks))) sum += static_cast<std::size_t>(one);
  co_return sum;
}

TEST(Argon2, MoreThanTheQueueHoldsIsRefusedAtOnceAndTheRestIsServed) {
  Argon2Passwords passwords({.memory_bytes = 8 << 20, .passes = 2, .at_once = 1, .queued_max = 4});
  EXPECT_EQ(run(refused(passwords, 10)), 6u);
  EXPECT_EQ(run(refused(passwords, 4)), 0u);
}

TEST(Tokens, Are256BitsAndNeverTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    std::string const token = random_token(random_source);
    EXPECT_EQ(token.size(), 43u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST(Tokens, AreStoredAsAHashThatFindsThem) {
  EXPECT_EQ(token_hash("t"), token_hash("t"));
  EXPECT_NE(token_hash("t"), token_hash("u"));
  EXPECT_EQ(token_hash("").size(), 43u);
  EXPECT_TRUE(same("abc", "abc"));
  EXPECT_FALSE(same("abc", "abd"));
  EXPECT_FALSE(same("abc", "ab"));
  EXPECT_TRUE(same("", ""));
}

// RFC 7636, appendix B.
TEST(Tokens, PkceChallengeOfTheStandardsExample) {
  EXPECT_EQ(sha256_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(LookupHash, DependsOnKeyKindAndText) {
  LookupHash const mine({1}), theirs({2});
  EXPECT_EQ(mine.of("email", "a@b.example"), mine.of("email", "a@b.example"));
  EXPECT_NE(mine.of("email", "a@b.example"), theirs.of("email", "a@b.example"));
  EXPECT_NE(mine.of("email", "a"), mine.of("phone", "a"));
  EXPECT_NE(mine.of("ab", "c"), mine.of("a", "bc"));
}

}  // namespace
}  // namespace kith
