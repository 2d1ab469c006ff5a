#include <algorithm>

#include "app/demo.h"
#include "app/import_files.h"
#include "base/error.h"
#include "ports/random/engines.h"

namespace kith {
namespace {

std::string name_of_file(std::string const& path) { return std::filesystem::path(path).filename().string(); }

void check_most(std::size_t count, std::size_t most, std::string const& path, char const* what) {
  if (count > most)
    throw Error{Code::invalid,
                path + " holds " + grouped(count) + " " + what + "; a demo community has at most " + grouped(most)};
}

Task<DemoMade> make_sample(Sample sample, CommunityImport& import, CommunityImport::Needs needs,
                           std::string password_hash) {
  DemoMade made;
  made.marker = {.graph = "sample", .posts = "sample", .people = sample.people.size()};
  made.marker.friendships = sample.ties.size();
  made.marker.first_handle = sample.people.front().handle;
  std::vector<CommunityImport::Person> people;
  for (auto const& person : sample.people) people.push_back({person.handle, person.name});
  co_await import.make_accounts(std::move(people), std::move(password_hash));
  co_await import.make_friends(sample.ties);
  made.marker.posts_made = co_await live_sample(std::move(sample), import, needs.services, needs.progress);
  co_return made;
}

Task<DemoMade> make_from_files(FileCommunity files, CommunityImport& import, CommunityImport::Needs needs,
                               std::string password_hash) {
  for (std::string const& remark : files.remarks) needs.progress.note(remark);
  DemoMade made;
  made.marker = {.graph = files.graph_file, .posts = files.posts_file, .people = files.people.size()};
  made.marker.friendships = files.ties.size();
  made.marker.first_handle = files.people.front().handle;
  std::size_t const posts = files.posts.size();
  co_await import.make_accounts(std::move(files.people), std::move(password_hash));
  co_await import.make_friends(std::move(files.ties));
  co_await import.wake_all();
  auto const refused = co_await import.write_posts(std::move(files.posts));
  made.marker.posts_made = posts - refused.size();
  if (!refused.empty())
    needs.progress.note(files.posts_file + ": " + grouped(refused.size()) +
                        " posts were refused and left out, the first is row " + std::to_string(refused.front().first) +
                        ": " + refused.front().second);
  co_return made;
}

}  // namespace

FileCommunity read_community(std::string const& graph_file, std::string const& posts_file) {
  FileCommunity community{.graph_file = name_of_file(graph_file), .posts_file = name_of_file(posts_file)};
  auto const remark = [&](std::string sentence) {
    if (!sentence.empty()) community.remarks.push_back(std::move(sentence));
  };
  EdgeList graph = parse_edges(read_input(graph_file, "graph"));
  if (graph.people.empty())
    throw Error{Code::invalid, "The graph file " + graph_file + " holds no line of two numbers such as \"1 2\""};
  check_most(graph.people.size(), demo_people_max, graph_file, "people");
  check_most(graph.ties.size(), demo_ties_max, graph_file, "friendships");
  remark(graph.left_out.sentence(graph_file));
  if (graph.self_loops + graph.doubles > 0)
    remark(graph_file + ": " + grouped(graph.self_loops) + " ties of people with themselves and " +
           grouped(graph.doubles) + " doubles were left out");

  PostTable table = parse_posts(read_input(posts_file, "posts"), posts_file);
  if (table.posts.empty()) throw Error{Code::invalid, "The posts file " + posts_file + " holds no posts"};
  check_most(table.posts.size(), demo_posts_max, posts_file, "posts");
  remark(table.left_out.sentence(posts_file));
  if (table.repaired > 0)
    remark(posts_file + ": " + grouped(table.repaired) + " bytes that are no UTF-8 were replaced");

  for (std::uint64_t const number : graph.people)
    community.people.push_back({"u" + std::to_string(number), "Person " + std::to_string(number)});
  community.ties = std::move(graph.ties);
  for (auto& post : table.posts)
    community.posts.push_back({.author = static_cast<std::uint32_t>(post.row % community.people.size()),
                               .text = std::move(post.title) + " " + std::move(post.text),
                               .row = post.row});
  return community;
}

std::string new_password(Random& random) {
  constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789";  // without i, l, o, 0 and 1
  std::string password;
  for (int i = 0; i < 16; ++i) {
    if (i > 0 && i % 4 == 0) password += '-';
    password += letters[random.below(letters.size())];
  }
  return password;
}

Task<DemoMade> make_demo(DemoSource source, CommunityImport::Needs needs) {
  SystemRandom random;
  std::string const password = new_password(random);
  auth::Password secret{password};
  auto const hashed = co_await needs.services.auth.hash_password(Call{}, std::move(secret));
  CommunityImport import(needs);
  DemoMade made;
  if (auto* const sample = std::get_if<Sample>(&source))
    made = co_await make_sample(std::move(*sample), import, needs, hashed.hash);
  else
    made = co_await make_from_files(std::move(std::get<FileCommunity>(source)), import, needs, hashed.hash);
  made.marker.made_at = needs.clock.now();
  made.password = password;
  co_return made;
}

}  // namespace kith
