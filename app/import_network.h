#pragma once

// A big network that nobody lived in, for measuring growth: who follows whom, who posts how much and
// what, all from a seed. Pure; what is made of it is import_rows.h.

#include <cstdint>
#include <string>
#include <vector>

namespace kith {

struct NetworkSize {
  std::uint32_t users = 0;
  std::uint32_t follows = 0;  // of each user; fewer when there are not so many others
  std::uint64_t posts = 0;
  std::uint64_t seed = 0;
  std::uint32_t star = 0;  // so many of them follow the first one as well
};

inline constexpr std::uint32_t network_users_max = 1'000'000;
inline constexpr std::uint32_t network_follows_max = 5'000;
inline constexpr std::uint64_t network_follows_all_max = 20'000'000;  // some forty bytes each while they are made
inline constexpr std::uint64_t network_posts_max = 20'000'000;        // twelve bytes each

// The same numbers for the same seed, on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t n);  // n is not zero
  double real();                         // 0 <= x < 1
  double normal();                       // mean 0, deviation 1

 private:
  std::uint64_t state_;
};

struct Network {
  std::vector<std::vector<std::uint32_t>> following;  // by user; in the order of following
  std::vector<std::uint32_t> authors;                 // of each post, oldest first
  std::vector<double> moments;                        // when within the stretch of time, 0 ... 1, ascending
};
// Followers by preferential attachment (the degrees' exponent is 2.5), posts per user log-normal.
Network make_network(NetworkSize size);

// The words of a post: some short ones, now and then with a hashtag.
std::string network_post(std::uint64_t seed, std::uint64_t number);

}  // namespace kith
