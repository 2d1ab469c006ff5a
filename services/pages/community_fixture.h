#pragma once

// A small community on memory engines, for tests of whatever shows posts: people, their ties, their
// posts, and every event handled twice.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ports/table/test_world.h"
#include "services/graph/graph.h"
#include "services/pages/distant_fixture.h"
#include "services/pages/pages.h"
#include "services/posts/posts.h"
#include "services/reactions/reactions.h"
#include "services/users/users.h"

namespace kith {

class Community : public testing::Test {
 protected:
  // `more`: builds what stands above these services, at every start.
  explicit Community(std::function<void()> more = {}) {
    world.start([this, more] {
      users.emplace(users::Users::Needs{world.tables(), world.keys, world.time});
      graph.emplace(graph::Graph::Needs{world.tables(), world.time, *users});
      posts.emplace(posts::Posts::Needs{world.tables(), world.time, *users, *graph, nullptr,
                                        posts::WordLimits{.own_host = "kith.example"}});
      reactions.emplace(reactions::Reactions::Needs{world.tables(), *posts, *graph});
      pages.emplace(pages::Pages::Needs{*posts, *reactions, *users, *graph});
      follow(world.dispatch(), *graph);
      follow(world.dispatch(), *posts);
      follow(world.dispatch(), *reactions);
      if (more) more();
    });
    ada = person("ada");
    ben = person("ben");
    cleo = person("cleo");
  }

  AccountId person(std::string handle, Role role = Role::user, bool locked = true) {
    users::CreateAccount const request{.handle = std::move(handle),
                                       .role = static_cast<std::uint32_t>(role),
                                       .locked = locked,
                                       .approved = true,
                                       .confirmed = true};
    return world.run(users->create({}, request)).account;
  }
  static Call as(AccountId viewer, Role role = Role::user) { return Call{.viewer = viewer, .role = role}; }

  void act(AccountId actor, graph::Verb verb, AccountId other, ListId list = {}) {
    world.run(graph->perform(as(actor), {.other = other, .verb = verb, .list = list}));
  }
  void befriend(AccountId one, AccountId other) {
    act(one, graph::Verb::follow, other);
    act(other, graph::Verb::accept, one);
  }
  void suspend(AccountId account, bool suspended = true) {
    world.run(users->set_state({}, {.account = account, .suspended = suspended}));
  }

  PostId write(AccountId author, posts::NewPost post) { return world.run(posts->publish(as(author), post)).post; }
  PostId write(AccountId author, std::string text, posts::Rule rule = posts::Rule::public_) {
    return write(author, posts::NewPost{.text = std::move(text), .audience = {.rule = rule}});
  }
  PostId answer(AccountId author, PostId parent, std::string text = "an answer",
                posts::Rule rule = posts::Rule::unspecified) {
    return write(author, posts::NewPost{.text = std::move(text), .audience = {.rule = rule}, .parent = parent});
  }
  PostId share(AccountId who, PostId post) { return world.run(posts->share(as(who), {.post = post})).post; }

  // The same in one process and with the tables apart, however much the asker knows beforehand.
  std::vector<posts::SeenPost> see(Call call, std::vector<PostId> asked) {
    posts::SeeRequest known{.posts = asked};
    for (auto const& post : world.run(posts->fanout_facts_of({}, {.posts = asked})).posts) {
      known.authors.insert(known.authors.end(), {post.author, post.target_author, post.root_author});
      known.targets.push_back(post.target);
    }
    auto seen = world.run(posts->see(call, {.posts = asked})).posts;
    DistantServices distant(world);
    EXPECT_EQ(world.run(distant.posts.see(call, {.posts = asked})).posts, seen);
    EXPECT_EQ(world.run(distant.posts.see(call, known)).posts, seen);
    return seen;
  }
  posts::SeenPost see(AccountId viewer, PostId post) { return see(as(viewer), std::vector{post}).front(); }
  bool sees(AccountId viewer, PostId post) { return see(viewer, post).visible; }
  posts::Facts facts(AccountId viewer, PostId post) { return see(viewer, post).facts; }

  posts::Content words(PostId post) {
    posts::Facts const shown =
        facts(world.run(posts->fanout_facts_of({}, {.posts = {post}})).posts.front().author, post);
    posts::ContentKeys const keys{.keys = {{.post = post, .version = shown.content_version}}};
    return world.run(posts->contents({}, keys)).contents.front();
  }
  std::vector<PostId> by(AccountId author, AccountId viewer, posts::AuthorRequest request = {}) {
    request.author = author;
    if (request.limit == 0) request.limit = 40;
    return ids(world.run(posts->by_author(as(viewer), request)).posts);
  }
  posts::AuthorCountsItem counts(AccountId author) {
    return world.run(posts->author_counts({}, {.authors = {author}})).authors.front();
  }
  static std::vector<PostId> ids(std::vector<posts::SeenPost> const& seen) {
    std::vector<PostId> ids;
    for (auto const& post : seen) ids.push_back(post.facts.post);
    return ids;
  }

  // Rows as a crash or an engine would leave them.
  void commit(Change change) { world.run(committed(world.tables(), std::move(change))); }
  static Task<void> committed(Tables& tables, Change change) { co_await tables.commit(std::move(change)); }

  // What a refused call was refused with.
  template <class T>
  Code refused(Task<T> task) {
    try {
      world.run(std::move(task));
    } catch (Error const& error) {
      return error.code;
    }
    ADD_FAILURE() << "was not refused";
    return Code::internal;
  }

  TestWorld world;
  std::optional<users::Users> users;
  std::optional<graph::Graph> graph;
  std::optional<posts::Posts> posts;
  std::optional<reactions::Reactions> reactions;
  std::optional<pages::Pages> pages;
  AccountId ada, ben, cleo;
};

}  // namespace kith
