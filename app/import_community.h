#pragma once

// Makes a community through the same services that people use: accounts, mutual friendships, posts
// written in the last weeks. Many acts at a time, so that they share synced writes; on one loop.

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "app/import_steps.h"
#include "app/services.h"
#include "ports/clock/clock.h"
#include "ports/clock/minter.h"
#include "ports/secrets/keys.h"

namespace kith {

class CommunityImport {
 public:
  struct Needs {
    Services services;
    Keys& keys;
    ImportIds& ids;
    Clock const& clock;
    std::function<Task<void>()> caught_up;  // all that follows from what was done is done
    Progress& progress;
    std::atomic<bool> const& stopping;
  };
  struct Person {
    std::string handle;
    std::string name;
  };
  using Tie = std::pair<std::uint32_t, std::uint32_t>;  // places among the people
  struct Post {
    std::uint32_t author;
    std::string text;
    std::size_t row;  // of the file, for what is said about it
  };

  explicit CommunityImport(Needs needs);

  // As old members, locked like new ones unless the settings say otherwise, with one password for all.
  Task<void> make_accounts(std::vector<Person> people, std::string password_hash);
  Task<void> make_friends(std::vector<Tie> ties);
  // From now on everybody counts as reading, so posts go to all feeds at once.
  Task<void> wake_all();
  // To friends, evenly over the last weeks, in order. Returns the rows that are no post, and why.
  Task<std::vector<std::pair<std::size_t, std::string>>> write_posts(std::vector<Post> posts);
  Task<void> catch_up();

  Call as(std::uint32_t person) const { return Call{.viewer = accounts_.at(person)}; }
  std::vector<AccountId> const& accounts() const { return accounts_; }
  // When the post at this place of so many is written.
  Time written_at(std::size_t place, std::size_t of) const;

 private:
  Task<void> make_account(std::size_t place);
  Task<void> befriend(std::size_t place);
  Task<void> wake(std::size_t place);
  Task<void> write_post(std::size_t place);

  Needs needs_;
  Time now_;
  std::vector<AccountId> accounts_;
  // What the step under way is about.
  std::vector<Person> people_;
  std::string password_hash_;
  std::vector<Tie> ties_;
  std::vector<Post> posts_;
  std::vector<std::pair<std::size_t, std::string>> refused_;
};

// Account ids of so many people who signed up one after the other before `until`; with their keys.
Task<std::vector<AccountId>> members_since(std::size_t count, Time until, ImportIds& ids, Keys& keys);

}  // namespace kith
