#pragma once

// Twenty people who befriend, follow, block, post, comment, react and share, on the real services,
// while the server dies now and then. What each was told is kept, and in the end held against the
// truth (invariants.cc).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/graph/graph.h"
#include "services/pages/pages.h"
#include "services/posts/posts.h"
#include "services/reactions/reactions.h"
#include "services/timeline/timeline.h"
#include "services/users/users.h"
#include "tests/simulation/scenario.h"

namespace kith::simulation {

// What a person is doing; kept until it is known how it ended.
struct Intent {
  enum class Act { publish, comment, share, unshare, remove, edit, audience, react, unreact, tie, read };
  Act act = Act::read;
  std::uint64_t number = 0;  // names the words and the idempotency key
  std::size_t post = 0;      // index into what was written
  posts::Rule rule = posts::Rule::unspecified;
  reactions::Kind kind = reactions::Kind::unspecified;
  graph::Verb verb = graph::Verb::unspecified;
  AccountId other = {};
  bool begun = false;
  bool repeated = false;  // an earlier try may have been done
};

struct Person {
  AccountId id = {};
  std::optional<Intent> intent = {};
};

inline Call as(AccountId viewer) { return Call{.viewer = viewer, .role = Role::user}; }

// A post whose author was told that it is there.
struct Written {
  PostId post = {};
  AccountId author = {};
  std::string text = {};
  posts::Rule rule = posts::Rule::unspecified;
  std::size_t parent = 0;  // index + 1
  bool removed = false;
};

// What a person was told of something of their own; `sure` until a repeat was refused, for then an
// earlier try may have been done.
template <class T>
struct Told {
  T value = {};
  bool sure = true;
};

class Community {
 public:
  explicit Community(World& world);
  void live();

 private:
  void build();
  void people_come();
  Task<void> live_as(Person& person);
  Task<void> attempt(Person& person);
  Task<Code> tried(Person& person);
  // One try of what the person wants; Errors pass.
  Task<void> act(Person& person);

  Intent choose(Person const& person);
  graph::Verb choose_verb();
  Task<void> publish(Person& person, Intent intent);
  Task<void> change(Person& person, Intent intent);
  Task<void> react(Person& person, Intent intent);
  Task<void> share(Person& person, Intent intent);
  Task<void> tie(Person& person, Intent intent);
  Task<void> read(Person& person);
  // It was refused for good: what that says of what the person was told.
  void refused(Person const& person, Intent const& intent, Code code);

  // Whether a person sees a post, as the server says it; nothing when it cannot say.
  Task<std::optional<bool>> sees(AccountId viewer, PostId post);
  Written* latest_of(AccountId author);
  bool blocks(AccountId one, AccountId other) const;
  void require_hidden(Written const& post, AccountId viewer, std::optional<bool> seen, char const* why);

  // In the calm.
  void check_own_writes();
  void check_truth();
  void check_ties();
  void check_posts();
  void check_reactions();
  void check_feeds();
  std::vector<PostId> home_of(AccountId person);
  std::vector<PostId> posts_of(AccountId author, AccountId viewer);
  bool may_see(AccountId viewer, Written const& post);
  graph::Pair pair_of(AccountId one, AccountId other);
  template <class T>
  std::vector<T> rows();

  World& world_;
  Duration const end_;
  bool calm_ = true;
  std::uint64_t numbers_ = 0;
  std::vector<Person> people_;
  std::vector<Written> written_;
  std::map<std::pair<PostId, AccountId>, Told<reactions::Kind>> reactions_told_;
  std::map<std::pair<PostId, AccountId>, Told<bool>> shares_told_;
  std::map<std::pair<AccountId, AccountId>, Told<bool>> blocks_told_;
  std::map<std::pair<AccountId, AccountId>, graph::Pair> pairs_;  // read in the calm

  std::optional<users::Users> users_;
  std::optional<graph::Graph> graph_;
  std::optional<posts::Posts> posts_;
  std::optional<reactions::Reactions> reactions_;
  std::optional<pages::Pages> pages_;
  std::optional<timeline::Timeline> timeline_;
};

}  // namespace kith::simulation
