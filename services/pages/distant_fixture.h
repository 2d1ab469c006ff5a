#pragma once

// The services below the pages, over tables that say they are on other machines: what a role apart does in another
// way than one process is seen to do the same, and its journeys are counted as time.

#include <utility>
#include <vector>

#include "ports/table/test_world.h"
#include "services/graph/graph.h"
#include "services/pages/pages.h"
#include "services/posts/posts.h"
#include "services/reactions/reactions.h"
#include "services/users/users.h"

namespace kith {

// Every read takes `journey`; those that are begun together take it together.
class DistantStrict final : public Strict {
 public:
  DistantStrict(Strict& strict, VirtualTime& time, Duration journey)
      : strict_(strict), time_(time), journey_(journey) {}
  bool apart() const override { return true; }
  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override {
    if (journey_ > Duration::zero()) co_await time_.sleep(journey_);
    co_return co_await strict_.get(std::move(keys));
  }
  Task<Scanned> scan(Range range) override {
    if (journey_ > Duration::zero()) co_await time_.sleep(journey_);
    co_return co_await strict_.scan(std::move(range));
  }
  Task<Outcome> commit(Commit commit) override { return strict_.commit(std::move(commit)); }
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override {
    return strict_.scan_all(table, std::move(cursor), limit);
  }
  Task<void> apply(std::vector<RawRow> rows) override { return strict_.apply(std::move(rows)); }

 private:
  Strict& strict_;
  VirtualTime& time_;
  Duration journey_;
};

class DistantWide final : public Wide {
 public:
  DistantWide(Wide& wide, VirtualTime& time, Duration journey) : wide_(wide), time_(time), journey_(journey) {}
  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override {
    if (journey_ > Duration::zero()) co_await time_.sleep(journey_);
    co_return co_await wide_.get(std::move(keys));
  }
  Task<Scanned> scan(Range range) override {
    if (journey_ > Duration::zero()) co_await time_.sleep(journey_);
    co_return co_await wide_.scan(std::move(range));
  }
  Task<void> put(std::vector<WidePut> rows) override { return wide_.put(std::move(rows)); }
  Task<void> erase(std::vector<WideErase> rows) override { return wide_.erase(std::move(rows)); }
  Task<void> spread(Spread spread) override { return wide_.spread(std::move(spread)); }
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override {
    return wide_.scan_all(table, std::move(cursor), limit);
  }
  Task<void> apply(std::vector<RawRow> rows) override { return wide_.apply(std::move(rows)); }

 private:
  Wide& wide_;
  VirtualTime& time_;
  Duration journey_;
};

struct DistantServices {
  explicit DistantServices(TestWorld& world, Duration journey = {})
      : strict(world.strict(), world.time, journey),
        wide(world.wide(), world.time, journey),
        tables({strict, wide, world.keys, world.ids, world.dispatch()}),
        users({tables, world.keys, world.time}),
        graph({tables, world.time, users}),
        posts({tables, world.time, users, graph}),
        reactions({tables, posts, graph}),
        pages({posts, reactions, users, graph, tables.apart()}) {}

  DistantStrict strict;
  DistantWide wide;
  Tables tables;
  users::Users users;
  graph::Graph graph;
  posts::Posts posts;
  reactions::Reactions reactions;
  pages::Pages pages;
};

}  // namespace kith
