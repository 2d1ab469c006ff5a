#include "app/import_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace kith {
namespace {

TEST(Network, IsTheSameForTheSameSeedOnly) {
  NetworkSize const size{.users = 200, .follows = 20, .posts = 1'000, .seed = 1};
  Network const one = make_network(size), same = make_network(size);
  EXPECT_EQ(one.following, same.following);
  EXPECT_EQ(one.authors, same.authors);
  EXPECT_EQ(one.moments, same.moments);
  EXPECT_NE(one.authors, make_network({.users = 200, .follows = 20, .posts = 1'000, .seed = 2}).authors);
  EXPECT_EQ(network_post(1, 7), network_post(1, 7));
  EXPECT_NE(network_post(1, 7), network_post(2, 7));
  // So that a network can be compared with the same one of another machine.
  EXPECT_EQ(Dice(1).next(), 10451216379200822465u);
}

TEST(Network, EverybodyFollowsSoManyOthersOnce) {
  Network const network = make_network({.users = 500, .follows = 20, .posts = 0, .seed = 3});
  for (std::uint32_t user = 0; user < 500; ++user) {
    std::set<std::uint32_t> const others(network.following[user].begin(), network.following[user].end());
    EXPECT_EQ(network.following[user].size(), 20u);
    EXPECT_EQ(others.size(), 20u);
    EXPECT_FALSE(others.contains(user));
    EXPECT_LT(*others.rbegin(), 500u);
  }
}

TEST(Network, FewPeopleFollowAllOthers) {
  Network const network = make_network({.users = 3, .follows = 50, .posts = 2, .seed = 1});
  EXPECT_EQ(network.following, (std::vector<std::vector<std::uint32_t>>{{1, 2}, {0, 2}, {0, 1}}));
  Network const alone = make_network({.users = 1, .follows = 50, .posts = 2, .seed = 1});
  EXPECT_TRUE(alone.following[0].empty());
  EXPECT_EQ(alone.authors.size(), 2u);
}

TEST(Network, AStarIsFollowedBySoManyAndNobodyFollowsTwice) {
  NetworkSize size{.users = 100, .follows = 5, .posts = 10, .seed = 1};
  Network const plain = make_network(size);
  size.star = 40;
  Network const network = make_network(size);
  EXPECT_EQ(network.authors, plain.authors);
  for (std::uint32_t user = 0; user < size.users; ++user) {
    std::set<std::uint32_t> wanted(plain.following[user].begin(), plain.following[user].end());
    if (user >= 1 && user <= size.star) wanted.insert(0);
    EXPECT_EQ(std::set<std::uint32_t>(network.following[user].begin(), network.following[user].end()), wanted) << user;
    EXPECT_EQ(network.following[user].size(), wanted.size());
  }
}

TEST(Network, FollowersAreUnevenAndPostsLogNormal) {
  NetworkSize const size{.users = 5'000, .follows = 20, .posts = 100'000, .seed = 1};
  Network const network = make_network(size);
  std::vector<double> followers(size.users), posts(size.users);
  for (auto const& following : network.following)
    for (auto const other : following) ++followers[other];
  EXPECT_GT(*std::ranges::max_element(followers), 300);
  ASSERT_EQ(network.authors.size(), size.posts);
  for (auto const author : network.authors) ++posts[author];
  std::ranges::sort(posts);
  // Mean 20: of a log-normal with deviation 1 the median is 12, and the deviation of logarithms 1.
  EXPECT_NEAR(posts[size.users / 2], 12.1, 1.5);
  EXPECT_NEAR(std::log(posts[static_cast<std::size_t>(size.users * 0.8413)] / posts[size.users / 2]), 1, 0.15);
  EXPECT_TRUE(std::ranges::is_sorted(network.moments));
  EXPECT_GE(network.moments.front(), 0);
  EXPECT_LT(network.moments.back(), 1);
}

TEST(Network, SomePostsHaveHashtags) {
  std::size_t tagged = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    std::string const post = network_post(5, i);
    EXPECT_LT(post.size(), 400u);
    tagged += post.contains('#') ? 1u : 0u;
  }
  EXPECT_NEAR(static_cast<double>(tagged), 100, 40);
}

}  // namespace
}  // namespace kith
