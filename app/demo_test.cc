// A demo community on the real engines, as kith demo makes it.

#include "app/demo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "app/core.h"
#include "app/import_files.h"
#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/random/engines.h"

namespace kith {
namespace {

class Demo : public testing::Test {
 protected:
  Demo() : core(settings(), clock), loops(1) { core.start(loops); }
  ~Demo() override {
    core.stop();
    loops.stop();
    std::fclose(out);
  }
  static Settings settings() {
    Settings settings;
    settings.data = "data";
    std::filesystem::remove_all(settings.data);
    settings.password_memory = 1 << 20;
    settings.password_passes = 1;
    settings.rate_limits = false;
    return settings;
  }

  DemoMade make(DemoSource source) {
    CommunityImport::Needs const needs{.services = core.services(),
                                       .keys = core.keys(),
                                       .ids = core.import_ids(),
                                       .clock = clock,
                                       .caught_up = [this] { return core.caught_up(); },
                                       .progress = progress,
                                       .stopping = stopping};
    return run(make_demo(std::move(source), needs));
  }
  AccountId account(std::string handle) {
    users::Handles one{{std::move(handle)}};
    return run(core.services().users.by_handle(Call{}, one)).accounts.front();
  }
  // Newest first, all of it.
  std::vector<posts::Facts> home(AccountId viewer) {
    std::vector<posts::Facts> all;
    timeline::PageRequest request{.limit = 80};
    for (bool more = true; more;) {
      auto page = run(core.services().timeline.home(Call{.viewer = viewer}, request));
      more = page.more && page.last;
      request.max = page.last;
      for (auto& status : page.page.statuses) all.push_back(std::move(status.facts));
    }
    return all;
  }
  std::string text(posts::Facts const& facts) {
    posts::ContentKeys one;
    one.keys.push_back({facts.post, facts.content_version});
    return run(core.services().posts.contents(Call{.viewer = facts.author}, one)).contents.front().text;
  }
  bool logs_in(std::string login, std::string password) {
    auth::SignInRequest const request{.login = std::move(login), .password = std::move(password), .address = "::1"};
    return static_cast<bool>(run(core.services().auth.sign_in(Call{}, request)).account);
  }

  SystemClock clock;
  Core core;
  Loops loops;
  std::FILE* out = std::fopen("/dev/null", "w");
  Progress progress{clock, out, false};
  std::atomic<bool> stopping = false;
};

FileCommunity files(std::string graph, std::string posts) {
  std::ofstream("g.edges") << graph;
  std::ofstream("p.csv") << posts;
  return read_community("g.edges", "p.csv");
}

TEST_F(Demo, PersonAtThePlaceOfARowWroteIt) {
  DemoMade const made =
      make(files("10 2\n2 7\n7 7\nx\n", "topic,title,text\nw,A,a &amp; #39;s\nw,B,b\nw,bad\nw,D,d\nw,E,e\n"));
  EXPECT_EQ(made.marker.people, 3u);
  EXPECT_EQ(made.marker.friendships, 2u);
  EXPECT_EQ(made.marker.posts_made, 4u);
  EXPECT_EQ(made.marker.first_handle, "u2");
  EXPECT_TRUE(logs_in("u2", made.password));
  EXPECT_TRUE(logs_in("u10", made.password));
  EXPECT_FALSE(logs_in("u10", made.password + "x"));

  // u2 knows both others, who do not know each other. Rows 0 and 3 are of u2, 1 and 4 of u7, 2 was left out.
  auto const feed = home(account("u2"));
  ASSERT_EQ(feed.size(), 4u);
  std::vector<std::string> texts;
  for (auto const& post : feed) texts.push_back(text(post));
  EXPECT_EQ(texts, (std::vector<std::string>{"E e", "D d", "B b", "A a &amp; #39;s"}));
  EXPECT_EQ(feed[0].author, account("u7"));
  EXPECT_EQ(feed[1].author, account("u2"));
  EXPECT_EQ(feed[0].audience.rule, posts::Rule::friends);
  EXPECT_EQ(home(account("u7")).size(), 4u);
  EXPECT_EQ(home(account("u10")).size(), 2u);
  EXPECT_GT(clock.now() - time_of_id(feed.back().post.value), std::chrono::days{20});
  EXPECT_LT(clock.now() - time_of_id(feed.front().post.value), std::chrono::days{1});
}

TEST_F(Demo, ManyPostsKeepTheirOrder) {
  std::string graph, rows = "topic,title,text\n";
  for (int i = 1; i < 40; ++i) graph += "0 " + std::to_string(i) + "\n";
  for (int i = 0; i < 400; ++i) rows += "w," + std::to_string(i) + ",\"see @u" + std::to_string(i % 50) + "\"\n";
  make(files(graph, rows));
  auto const feed = home(account("u0"));
  ASSERT_EQ(feed.size(), 400u);
  for (std::size_t i = 0; i < feed.size(); ++i) EXPECT_TRUE(text(feed[i]).starts_with(std::to_string(399 - i) + " "));
}

TEST_F(Demo, SampleLivesAndShowsEverything) {
  Sample const sample = sample_community();
  EXPECT_EQ(sample.people.size(), 34u);
  EXPECT_EQ(sample.ties.size(), 78u);
  DemoMade const made = make(sample);
  EXPECT_EQ(made.marker.posts_made, sample.posts.size());
  EXPECT_TRUE(logs_in("ada", made.password));
  std::vector<posts::Facts> everything;
  for (auto const& person : sample.people) {
    auto feed = home(account(person.handle));
    EXPECT_GE(feed.size(), 5u) << person.handle;
    std::ranges::move(feed, std::back_inserter(everything));
  }
  for (auto const kind : {posts::Kind::post, posts::Kind::comment, posts::Kind::share, posts::Kind::quote})
    EXPECT_TRUE(std::ranges::any_of(everything, [&](auto const& post) { return post.kind == kind; }));
}

TEST_F(Demo, MarkerHoldsNoPassword) {
  DemoMade const made = make(files("1 2\n", "topic,title,text\nw,A,a\n"));
  EXPECT_FALSE(has_demo_marker("data"));
  write_demo_marker("data", made.marker);
  EXPECT_TRUE(has_demo_marker("data"));
  std::string const text = read_input("data/demo.json", "marker");
  EXPECT_TRUE(text.starts_with(R"({"graph":"g.edges","posts":"p.csv","people":2,"friendships":1,"posts_made":1)"))
      << text;
  EXPECT_EQ(text.find(made.password), std::string::npos);
}

TEST_F(Demo, ImportThatIsToldToStopStops) {
  stopping = true;
  EXPECT_THROW(make(sample_community()), Error);
}

TEST(DemoFiles, ThatHoldNothingAreRefused) {
  EXPECT_THROW(files("nothing\n", "topic,title,text\nw,A,a\n"), Error);
  EXPECT_THROW(files("1 2\n", "topic,title,text\n"), Error);
}

TEST(DemoPassword, IsFourGroupsOfFour) {
  SeededRandom random{1};
  std::string const password = new_password(random);
  EXPECT_EQ(password.size(), 19u);
  EXPECT_EQ(std::ranges::count(password, '-'), 3);
  EXPECT_NE(password, new_password(random));
}

}  // namespace
}  // namespace kith
