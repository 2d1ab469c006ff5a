#include <gtest/gtest.h>
#include <sodium.h>

#include <set>
#include <thread>
#include <vector>

#include "ports/random/engines.h"

namespace kith {
namespace {

std::vector<unsigned char> bytes(Random& random, std::size_t size) {
  std::vector<unsigned char> out(size);
  random.fill(out);
  return out;
}

TEST(SystemRandom, NeverRepeatsItself) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(random.next()).second);
  EXPECT_NE(bytes(random, 2'000), bytes(random, 2'000));
  EXPECT_TRUE(bytes(random, 0).empty());
}

TEST(SystemRandom, ServesManyThreads) {
  SystemRandom random;
  std::vector<std::vector<unsigned char>> drawn(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : drawn) threads.emplace_back([&] { mine = bytes(random, 64); });
  }
  EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), 4u);
}

TEST(SeededRandom, RepeatsItsSeedHoweverItIsAsked) {
  SeededRandom one(7), same(7), other(8);
  auto const whole = bytes(one, 1'500);
  std::vector<unsigned char> parts;
  for (std::size_t size : {1, 511, 512, 3, 473})
    for (unsigned char byte : bytes(same, size)) parts.push_back(byte);
  EXPECT_EQ(whole, parts);
  EXPECT_NE(whole, bytes(other, 1'500));
}

TEST(Random, BelowIsEvenAndStaysBelow) {
  SeededRandom random(1);
  std::vector<int> counts(10);
  for (int i = 0; i < 10'000; ++i) ++counts.at(random.below(10));
  for (int count : counts) EXPECT_NEAR(count, 1'000, 150);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(random.below(1), 0u);
    EXPECT_LT(random.below((1ull << 63) + 1), (1ull << 63) + 1);
  }
}

TEST(Random, ReplacesTheCryptoLibrarysOwn) {
  auto const nonces = [] {
    SeededRandom random(3);
    replace_sodium_random(&random);
    std::vector<unsigned char> drawn(40);
    randombytes_buf(drawn.data(), drawn.size());
    drawn.push_back(static_cast<unsigned char>(randombytes_uniform(200)));
    replace_sodium_random(nullptr);
    return drawn;
  };
  EXPECT_EQ(nonces(), nonces());
  std::vector<unsigned char> free(40), more(40);
  randombytes_buf(free.data(), free.size());
  randombytes_buf(more.data(), more.size());
  EXPECT_NE(free, more);
}

}  // namespace
}  // namespace kith
