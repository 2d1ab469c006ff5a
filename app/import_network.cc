#include "app/import_network.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace kith {
namespace {

// Each part of a network draws from dice of its own, so that more posts change no follows.
constexpr std::uint64_t follows_part = 1;
constexpr std::uint64_t posts_part = 2;
constexpr std::uint64_t words_part = 3;

// How much people differ: with 1 the median user writes six tenths of the mean, one of a hundred six times it.
constexpr double posts_deviation = 1.0;

constexpr std::size_t vocabulary = 2'000;
constexpr std::size_t tags = 200;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}
Dice dice_of(std::uint64_t seed, std::uint64_t part) { return Dice(mixed(seed * 0x9E3779B97F4A7C15u + part)); }

// Users come one after the other and follow those before them: one in three times anybody, else
// whoever somebody else follows already, so the followed get more followers. The first ones follow
// each other, so that everybody has their number.
std::vector<std::vector<std::uint32_t>> attach(std::uint32_t users, std::uint32_t follows, Dice dice) {
  std::vector<std::vector<std::uint32_t>> following(users);
  std::uint32_t const each = std::min(follows, users == 0 ? 0 : users - 1);
  if (each == 0) return following;
  std::uint32_t const first = each + 1;
  std::vector<std::uint32_t> followed;  // once for each follow
  followed.reserve(std::size_t{users} * each);
  std::vector<std::uint32_t> taken_by(users, users);  // the last one who took it
  for (std::uint32_t user = 0; user < users; ++user) {
    auto& mine = following[user];
    mine.reserve(each);
    auto const take = [&](std::uint32_t other) {
      if (other == user || taken_by[other] == user) return false;
      taken_by[other] = user;
      mine.push_back(other);
      return true;
    };
    if (user < first) {
      for (std::uint32_t other = 0; other < first; ++other) take(other);
    } else {
      // After so many blind draws the rest is taken in order, from somewhere.
      for (std::uint32_t tries = each * 20; mine.size() < each && tries > 0; --tries)
        take(dice.below(3) == 0 ? static_cast<std::uint32_t>(dice.below(user)) : followed[dice.below(followed.size())]);
      for (auto other = static_cast<std::uint32_t>(dice.below(user)); mine.size() < each; other = (other + 1) % user)
        take(other);
    }
    followed.insert(followed.end(), mine.begin(), mine.end());
  }
  return following;
}

// Preferential attachment alone gives nobody a following that is most of a network.
void follow_first(std::vector<std::vector<std::uint32_t>>& following, std::uint32_t followers) {
  for (std::uint32_t user = 1; user < following.size() && followers > 0; ++user, --followers)
    if (std::ranges::find(following[user], 0u) == following[user].end()) following[user].push_back(0);
}

std::vector<std::uint32_t> authors_of(std::uint32_t users, std::uint64_t posts, Dice& dice) {
  std::vector<double> weights(users);
  for (double& weight : weights) weight = std::exp(posts_deviation * dice.normal());
  double const whole = std::accumulate(weights.begin(), weights.end(), 0.0);
  // Rounded so that the sum is exact: what is passed on is less than one post.
  std::vector<std::uint32_t> authors;
  authors.reserve(posts);
  double until = 0;
  for (std::uint32_t user = 0; user < users; ++user) {
    until += weights[user] / whole * static_cast<double>(posts);
    auto const end = user + 1 == users ? posts : std::min(posts, static_cast<std::uint64_t>(until));
    while (authors.size() < end) authors.push_back(user);
  }
  for (std::size_t left = authors.size(); left > 1; --left) std::swap(authors[left - 1], authors[dice.below(left)]);
  return authors;
}

std::string word(std::uint64_t number) {
  static constexpr std::string_view syllables[] = {"ba", "de", "fi", "go", "hu", "ka",  "le",  "mi",  "no",  "pu",
                                                   "ra", "se", "ti", "vo", "za", "lun", "mar", "ten", "wil", "sor"};
  constexpr std::uint64_t count = std::size(syllables);
  std::string out;
  for (std::uint64_t rest = number + count;; rest /= count) {
    out += syllables[rest % count];
    if (rest < count) return out;
  }
}

}  // namespace

std::uint64_t Dice::next() { return mixed(state_ += 0x9E3779B97F4A7C15u); }

std::uint64_t Dice::below(std::uint64_t n) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(next()) * n >> 64);
}

double Dice::real() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Dice::normal() {
  double const radius = std::sqrt(-2 * std::log(1 - real()));
  return radius * std::cos(2 * std::numbers::pi * real());
}

Network make_network(NetworkSize size) {
  Network network;
  network.following = attach(size.users, size.follows, dice_of(size.seed, follows_part));
  follow_first(network.following, size.star);
  Dice dice = dice_of(size.seed, posts_part);
  if (size.users > 0) network.authors = authors_of(size.users, size.posts, dice);
  network.moments.reserve(network.authors.size());
  for (std::size_t i = 0; i < network.authors.size(); ++i)
    network.moments.push_back((static_cast<double>(i) + dice.real()) / static_cast<double>(network.authors.size()));
  return network;
}

std::string network_post(std::uint64_t seed, std::uint64_t number) {
  Dice dice = dice_of(seed, words_part + (number << 8));
  std::string text;
  for (std::uint64_t left = 4 + dice.below(18); left > 0; --left) {
    if (!text.empty()) text += ' ';
    // Squared, so that some words are common and most are rare.
    double const draw = dice.real();
    text += word(static_cast<std::uint64_t>(draw * draw * vocabulary));
  }
  text += '.';
  if (dice.below(10) == 0) {
    for (std::uint64_t left = 1 + dice.below(2); left > 0; --left) {
      double const draw = dice.real();
      text += " #" + word(static_cast<std::uint64_t>(draw * draw * tags)) + "town";
    }
  }
  return text;
}

}  // namespace kith
