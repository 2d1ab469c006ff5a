#pragma once

// The sample community that comes with the program: sample/ holds a real graph of 34 people, and names,
// posts and acts made up for it. They are compiled in.

#include <string>
#include <string_view>
#include <vector>

#include "app/import_community.h"

namespace kith {

// The files of sample/ (made by CMake).
extern std::string_view const sample_people_csv;
extern std::string_view const sample_karate_edges;
extern std::string_view const sample_posts_csv;
extern std::string_view const sample_acts_csv;

struct Sample {
  struct Person {
    std::string handle, name, about;
  };
  // What somebody wrote. `of`: the key of the post that is answered, shared or quoted.
  struct Post {
    std::string key, who, what, of, audience, warning, text;
    std::vector<std::pair<std::string, std::string>> reactions;  // who, with which kind
  };
  struct Act {
    std::string who, verb, what;
  };
  std::vector<Person> people;
  std::vector<CommunityImport::Tie> ties;
  std::vector<Post> posts;  // oldest first
  std::vector<Act> acts;
};
Sample sample_community();

// What people of the sample wrote and did; accounts and friendships are made. Returns the number of
// posts, comments and shares.
Task<std::size_t> live_sample(Sample sample, CommunityImport& import, Services services, Progress& progress);

}  // namespace kith
