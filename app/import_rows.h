#pragma once

// Writes a made-up network below the services, a thousand rows at a time: the rows that the services
// would have written for the same acts, bit by bit (import_rows_test.cc compares them). Accounts are made
// through the services; ties, posts and feeds are not, because half a million acts one by one are minutes.

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/import_network.h"
#include "app/import_steps.h"
#include "app/services.h"
#include "ports/clock/clock.h"
#include "ports/clock/minter.h"
#include "ports/secrets/keys.h"
#include "ports/table/strict.h"
#include "ports/table/tables.h"
#include "ports/table/wide.h"
#include "services/posts/words.h"

namespace kith {

class NetworkImport {
 public:
  struct Needs {
    Services services;
    Tables& tables;
    Strict& strict;
    Wide& wide;
    Keys& keys;
    ImportIds& ids;
    Clock const& clock;
    std::function<Task<void>()> caught_up;
    Progress& progress;
    std::atomic<bool> const& stopping;
    // As the services have them.
    posts::WordLimits words = {};
    Duration feeds_kept = std::chrono::days{60};
    Duration timelines_kept = std::chrono::days{90};
    Duration notifications_kept = std::chrono::days{365};
    std::uint64_t famous_from = 10'000;
  };
  struct Made {
    std::uint64_t accounts = 0;
    std::uint64_t follows = 0;
    std::uint64_t posts = 0;
    std::uint64_t feed_entries = 0;
  };

  NetworkImport(Needs needs, NetworkSize size);
  // Into an empty store. Members sign up, then follow, then post over the past 30 days.
  Task<Made> make();

  // For the comparison with the services: who is who, and what was posted when.
  std::vector<AccountId> const& accounts() const { return accounts_; }
  Network const& network() const { return network_; }
  Time posted_at(std::size_t number) const;

 private:
  // One follow, as the row of the pair is found by it.
  struct Follow {
    std::uint32_t lo, hi;
    std::uint32_t number;  // in the order of following
    bool by_hi;
  };
  struct Follower {
    std::uint32_t user;
    std::uint32_t number;
  };

  Task<void> make_account(std::size_t user);
  Task<void> write_pairs(std::size_t batch);
  Task<void> write_people(std::size_t batch);
  Task<void> write_famous();
  Task<void> write_posts(std::size_t batch);
  Task<void> fan_out(std::size_t first, std::size_t number);
  Task<void> write_tags();

  std::size_t people_a_batch() const;
  Task<void> apply(std::vector<RawRow> rows);

  void mint_ties();
  void mint_posts();
  void note_tags(PostId post, std::vector<std::string> const& tags);
  bool famous(std::size_t user) const { return followers_[user].size() >= needs_.famous_from; }
  Task<WidePut> content_of(PostId post, AccountId author, posts::Words words);
  template <class T>
  RawRow raw(T const& row) const;

  Needs needs_;
  NetworkSize size_;
  Network network_;
  Time now_;
  Version version_ = 0;  // of all rows that decide
  OperationId operation_ = 0;
  std::vector<AccountId> accounts_;
  std::vector<TieId> ties_;                // of each follow, by number
  std::vector<std::size_t> first_follow_;  // of each user: their follows lie one behind the other
  std::vector<std::vector<Follower>> followers_;
  std::vector<Follow> follows_;     // by pair
  std::vector<std::size_t> pairs_;  // where each pair begins among them, and their end
  std::vector<PostId> posts_;
  std::vector<std::uint32_t> posts_by_;  // how many
  std::vector<PostId> last_by_;
  std::map<std::string, PostId> tags_;  // the newest post with each
  Made made_;
};

}  // namespace kith
