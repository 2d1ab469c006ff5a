// The network that is written row by row is the one that the services would have made of the same acts.

#include "app/import_rows.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "ports/cache/memory.h"
#include "ports/hash/cheap.h"
#include "ports/hash/tokens.h"
#include "ports/random/engines.h"
#include "ports/table/test_world.h"
#include "services/auth/auth.h"
#include "services/graph/graph.h"
#include "services/notifications/notifications.h"
#include "services/pages/pages.h"
#include "services/posts/posts.h"
#include "services/reactions/reactions.h"
#include "services/search/search.h"
#include "services/timeline/timeline.h"
#include "services/users/users.h"

namespace kith {
namespace {

constexpr std::uint64_t famous_from = 12;

class NoMail final : public Mail {
 public:
  Task<void> send(Letter) override { co_return; }
};

// All services on memory engines.
struct Community {
  Community() {
    world.start([this] {
      cache.emplace(world.time, MemoryCache::Limits{});
      users.emplace(users::Users::Needs{world.tables(), world.keys, world.time});
      graph.emplace(graph::Graph::Needs{world.tables(), world.time, *users});
      posts.emplace(posts::Posts::Needs{world.tables(), world.time, *users, *graph, &imports});
      reactions.emplace(reactions::Reactions::Needs{world.tables(), *posts, *graph});
      pages.emplace(pages::Pages::Needs{*posts, *reactions, *users, *graph});
      timeline.emplace(timeline::Timeline::Needs{world.tables(),
                                                 world.time,
                                                 world.log(),
                                                 *graph,
                                                 *posts,
                                                 *pages,
                                                 {.famous_from = famous_from, .famous_until = 10}});
      notifications.emplace(
          notifications::Notifications::Needs{world.tables(), world.time, world.log(), *graph, *posts, *reactions});
      search.emplace(search::Search::Needs{world.tables(), world.time, *users, *graph, *posts});
      auth.emplace(auth::Auth::Needs{world.tables(), world.time, random, passwords, lookup, *cache, mail, *users,
                                     *users, auth::Auth::Settings{.lock_new_accounts = false}});
      follow(world.dispatch(), *graph);
      follow(world.dispatch(), *posts);
      follow(world.dispatch(), *reactions);
      follow(world.dispatch(), *timeline);
      follow(world.dispatch(), *notifications);
      follow(world.dispatch(), *search);
    });
  }
  Services services() {
    return {*users, *graph, *posts, *reactions, *pages, *timeline, *notifications, *search, *auth};
  }

  TestWorld world;
  ImportIds imports;
  SeededRandom random{7};
  CheapPasswords passwords{random};
  LookupHash lookup{{}};
  NoMail mail;
  std::optional<MemoryCache> cache;
  std::optional<users::Users> users;
  std::optional<graph::Graph> graph;
  std::optional<posts::Posts> posts;
  std::optional<reactions::Reactions> reactions;
  std::optional<pages::Pages> pages;
  std::optional<timeline::Timeline> timeline;
  std::optional<notifications::Notifications> notifications;
  std::optional<search::Search> search;
  std::optional<auth::Auth> auth;
};

template <class T>
Task<std::vector<Found<T>>> walked(Tables& tables) {
  std::vector<Found<T>> rows;
  std::string cursor;
  do {
    auto [page, next] = co_await tables.walk<T>(std::move(cursor), 100);
    rows.insert(rows.end(), page.begin(), page.end());
    cursor = std::move(next);
  } while (!cursor.empty());
  co_return rows;
}

class NetworkRows : public testing::Test {
 protected:
  void TearDown() override { std::fclose(out); }

  NetworkImport::Needs needs() {
    TestWorld& world = direct.world;
    NetworkImport::Needs needs{.services = direct.services(),
                               .tables = world.tables(),
                               .strict = world.strict(),
                               .wide = world.wide(),
                               .keys = world.keys,
                               .ids = direct.imports,
                               .clock = world.time,
                               .caught_up = [] { return nothing(); },
                               .progress = progress,
                               .stopping = stopping};
    needs.famous_from = famous_from;
    return needs;
  }
  static Task<void> nothing() { co_return; }

  // The same acts, one by one.
  void act(NetworkImport const& import, NetworkSize size) {
    TestWorld& world = acted.world;
    Services services = acted.services();
    for (std::size_t user = 0; user < size.users; ++user) {
      auth::SignUpRequest request{.handle = "n" + std::to_string(user)};
      request.display_name = "Number " + std::to_string(user);
      request.by_admin = true;
      request.confirmed = true;
      request.account = import.accounts()[user];
      world.run(services.auth.sign_up(Call{}, request));
    }
    for (std::size_t user = 0; user < size.users; ++user)
      for (auto const other : import.network().following[user])
        world.run(services.graph.perform({.viewer = import.accounts()[user]},
                                         {.other = import.accounts()[other], .verb = graph::Verb::follow}));
    world.settle();
    timeline::People everybody{import.accounts()};
    world.run(services.timeline.wake(Call{}, everybody));
    for (std::size_t i = 0; i < size.posts; ++i) {
      posts::NewPost post{.text = network_post(size.seed, i), .written_at = import.posted_at(i)};
      post.audience.rule = posts::Rule::public_;
      world.run(services.posts.publish({.viewer = import.accounts()[import.network().authors[i]]}, post));
    }
    world.settle();
  }

  // Ties are minted in the same order but at another time: the i-th is called i.
  std::map<std::uint64_t, std::uint64_t> tie_names(Community& community) {
    std::set<std::uint64_t> ids;
    for (auto const& tie : community.world.run(walked<graph::Tie>(community.world.tables())))
      ids.insert(tie->tie.value);
    std::map<std::uint64_t, std::uint64_t> names;
    for (auto const id : ids) names.emplace(id, names.size() + 1);
    return names;
  }

  template <class T>
  static bool before(T const& one, T const& other) {
    RowKey const a = T::encode_key(one.key()), b = T::encode_key(other.key());
    return std::tie(a.partition, a.sort) < std::tie(b.partition, b.sort);
  }
  template <class T, class Edit>
  std::vector<T> rows(Community& community, Edit edit) {
    auto const names = tie_names(community);
    std::vector<T> out;
    for (auto const& row : community.world.run(walked<T>(community.world.tables()))) {
      T copy = *row;
      if constexpr (T::has_sealed) {
        copy = community.world.run(community.world.tables().open(row));
        copy.each_sealed([](std::uint32_t, Sealed& sealed) { sealed = Sealed(sealed.text()); });
      }
      edit(copy, names);
      out.push_back(std::move(copy));
    }
    std::ranges::sort(out, before<T>);
    return out;
  }
  template <class T, class Edit>
  void same(Edit edit) {
    auto const written = rows<T>(direct, edit);
    auto const made = rows<T>(acted, edit);
    EXPECT_FALSE(made.empty()) << T::table().name;
    EXPECT_EQ(written.size(), made.size()) << T::table().name;
    std::size_t differ = 0;
    for (std::size_t i = 0; i < std::min(written.size(), made.size()); ++i) differ += written[i] == made[i] ? 0u : 1u;
    EXPECT_EQ(differ, 0u) << T::table().name;
  }
  template <class T>
  void same() {
    same<T>([](T&, auto const&) {});
  }
  // Of rows whose version says what they derive from.
  template <class T>
  void same_versions() {
    auto const versions = [](Community& community) {
      std::multiset<Version> all;
      for (auto const& row : community.world.run(walked<T>(community.world.tables()))) all.insert(row.version());
      return all;
    };
    EXPECT_EQ(versions(direct), versions(acted)) << T::table().name;
  }

  Community direct, acted;
  std::FILE* out = std::fopen("/dev/null", "w");
  Progress progress{direct.world.time, out, false};
  std::atomic<bool> stopping = false;
};

TEST_F(NetworkRows, AreThoseTheServicesWouldHaveWritten) {
  NetworkSize const size{.users = 30, .follows = 5, .posts = 120, .seed = 4};
  NetworkImport import(needs(), size);
  auto const made = direct.world.run(import.make());
  direct.world.settle();
  EXPECT_EQ(made.accounts, 30u);
  EXPECT_EQ(made.follows, 150u);
  EXPECT_EQ(made.posts, 120u);
  act(import, size);

  same<users::Account>();
  same<users::Name>([](users::Name& row, auto const&) { row.claimed_at = no_time; });
  same<search::PersonWord>();
  same<graph::Pair>([](graph::Pair& row, auto const& names) {
    for (auto* side : {&row.lo_side, &row.hi_side})
      if (side->follow) side->follow.value = names.at(side->follow.value);
  });
  same<graph::Tie>([](graph::Tie& row, auto const& names) { row.tie.value = names.at(row.tie.value); });
  same<graph::TieCounts>();
  same<notifications::Notification>([](notifications::Notification& row, auto const& names) {
    EXPECT_EQ(row.expires_at_, time_of_id(row.cause.value) + std::chrono::days{365});
    row.expires_at_ = no_time;
    row.cause.value = names.at(row.cause.value);
  });
  same<posts::Head>();
  same<posts::Version>();
  same<posts::AuthorPost>();
  same<posts::AuthorCounts>();
  same<timeline::TimelineEntry>();
  same<timeline::FeedEntry>();
  same<timeline::FeedState>([](timeline::FeedState& row, auto const&) {
    row.last_access = no_time;
    if (row.famous_since != no_time) row.famous_since = VirtualTime::start;
  });
  same<timeline::Famous>();
  same<search::TagWord>();
  same_versions<posts::Version>();
  same_versions<timeline::TimelineEntry>();
  same_versions<timeline::FeedEntry>();
  same_versions<search::TagWord>();
}

TEST_F(NetworkRows, FillEverybodysFeed) {
  NetworkImport import(needs(), {.users = 12, .follows = 3, .posts = 60, .seed = 1});
  direct.world.run(import.make());
  for (auto const account : import.accounts()) {
    auto const page = direct.world.run(direct.timeline->home({.viewer = account}, {.limit = 20}));
    EXPECT_GE(page.page.statuses.size(), 3u);
  }
}

TEST_F(NetworkRows, ImportThatIsToldToStopStops) {
  stopping = true;
  NetworkImport import(needs(), {.users = 12, .follows = 3, .posts = 60, .seed = 1});
  EXPECT_THROW(direct.world.run(import.make()), Error);
}

}  // namespace
}  // namespace kith
