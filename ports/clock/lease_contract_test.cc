#include <gtest/gtest.h>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/clock/lease_memory.h"
#include "ports/clock/lease_table.h"
#include "ports/random/engines.h"
#include "ports/table/memory.h"

namespace kith {
namespace {

// Strict rows in memory, of which every other commit ends with an outcome that nobody knows.
class Doubtful final : public Strict {
 public:
  Task<std::vector<RowPtr>> get(std::vector<RowKey> keys) override { return strict_.get(std::move(keys)); }
  Task<Scanned> scan(Range range) override { return strict_.scan(std::move(range)); }
  Task<Outcome> commit(Commit commit) override {
    auto outcome = co_await strict_.commit(std::move(commit));
    if (++commits_ % 2 == 1) throw Error{Code::unknown, "Storage did not answer"};
    co_return outcome;
  }
  Task<RawPage> scan_all(Table table, std::string cursor, std::size_t limit) override {
    return strict_.scan_all(table, std::move(cursor), limit);
  }
  Task<void> apply(std::vector<RawRow> rows) override { return strict_.apply(std::move(rows)); }

 private:
  FakeClock clock_;
  MemoryStore store_;
  MemoryLogStore events_;
  MemoryLog log_{{clock_, events_}};
  MemoryStrict strict_{{clock_, store_, log_}};
  int commits_ = 0;
};

class LeasesOfDoubt final : public Leases {
 public:
  Task<std::vector<Lease>> look(std::vector<std::string> names) override { return leases_.look(std::move(names)); }
  Task<std::optional<Lease>> put(Lease lease) override { return leases_.put(std::move(lease)); }

 private:
  SystemRandom random_;
  Doubtful strict_;
  TableLeases leases_{{strict_, random_}};
};

struct Engine {
  char const* name;
  std::unique_ptr<Leases> (*fresh)();
};

class LeaseContract : public testing::TestWithParam<Engine> {
 protected:
  std::unique_ptr<Leases> leases_ = GetParam().fresh();

  Lease look(std::string name) { return run(leases_->look({std::move(name)})).at(0); }
};

TEST_P(LeaseContract, WhatNobodyEverHeldHasNoVersion) {
  Lease const lease = look("ids/0");
  EXPECT_EQ(lease.name, "ids/0");
  EXPECT_EQ(lease.holder, "");
  EXPECT_EQ(lease.version, 0);
}

TEST_P(LeaseContract, WhatWasPutIsSeenInTheOrderOfTheNames) {
  ASSERT_TRUE(run(leases_->put({.name = "ids/1", .holder = "a", .ceiling = 7, .until = Time{Duration{5}}})));
  auto const seen = run(leases_->look({"ids/0", "ids/1", "ids/10"}));
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].version, 0);
  EXPECT_EQ(seen[1].holder, "a");
  EXPECT_EQ(seen[1].ceiling, 7u);
  EXPECT_EQ(seen[1].until, Time{Duration{5}});
  EXPECT_EQ(seen[2].version, 0);
}

TEST_P(LeaseContract, OfTwoWhoReadTheSameOnlyTheFasterWrites) {
  Lease mine = look("relay"), theirs = look("relay");
  mine.holder = "me";
  theirs.holder = "they";
  auto const taken = run(leases_->put(mine));
  ASSERT_TRUE(taken);
  EXPECT_FALSE(run(leases_->put(theirs)));
  EXPECT_EQ(look("relay").holder, "me");
  Lease renewed = *taken;
  renewed.ceiling = 9;
  EXPECT_TRUE(run(leases_->put(renewed)));
  EXPECT_FALSE(run(leases_->put(*taken)));
}

TEST_P(LeaseContract, ALeaseGivenBackKeepsItsCeiling) {
  auto taken = run(leases_->put({.name = "ids/3", .holder = "a", .ceiling = 70, .until = Time{Duration{5}}}));
  taken->holder.clear();
  taken->until = no_time;
  ASSERT_TRUE(run(leases_->put(*taken)));
  EXPECT_EQ(look("ids/3").holder, "");
  EXPECT_EQ(look("ids/3").ceiling, 70u);
  EXPECT_NE(look("ids/3").version, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, LeaseContract,
    testing::Values(Engine{"memory", []() -> std::unique_ptr<Leases> { return std::make_unique<MemoryLeases>(); }},
                    Engine{"table", []() -> std::unique_ptr<Leases> { return std::make_unique<LeasesOfDoubt>(); }}),
    [](auto const& engine) { return std::string(engine.param.name); });

}  // namespace
}  // namespace kith
