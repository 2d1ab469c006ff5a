#pragma once

// A community to look at: imported from a graph and posts, or the sample that comes with the program.

#include <string>
#include <variant>
#include <vector>

#include "app/demo_marker.h"
#include "app/demo_sample.h"
#include "app/import_community.h"
#include "ports/random/random.h"

namespace kith {

inline constexpr std::size_t demo_people_max = 200'000;
inline constexpr std::size_t demo_ties_max = 5'000'000;
inline constexpr std::size_t demo_posts_max = 1'000'000;

// A community as files say it.
struct FileCommunity {
  std::vector<CommunityImport::Person> people;  // u<number>, by number
  std::vector<CommunityImport::Tie> ties;
  std::vector<CommunityImport::Post> posts;
  std::string graph_file, posts_file;
  std::vector<std::string> remarks;  // sentences about what was left out
};
// Throws Error{invalid} with one sentence when a file is none or holds nothing.
FileCommunity read_community(std::string const& graph_file, std::string const& posts_file);

using DemoSource = std::variant<Sample, FileCommunity>;

// Makes it, password included, and waits until everybody's feed is filled. The marker is the caller's to write.
struct DemoMade {
  DemoMarker marker;
  std::string password;
};
Task<DemoMade> make_demo(DemoSource source, CommunityImport::Needs needs);

// Sixteen characters that nobody confuses when reading them aloud, in four groups: 79 bits.
std::string new_password(Random& random);

}  // namespace kith
