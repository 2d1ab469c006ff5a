#pragma once

// A store on a test disk, with loops and a real clock, for tests of the engine itself.

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/run.h"
#include "ports/clock/system.h"
#include "ports/table/contract.h"
#include "ports/table/rocksdb/disk.h"
#include "ports/table/rocksdb/rocksdb.h"

namespace kith {

class RocksWorld : public testing::Test {
 protected:
  RocksWorld()
      : folder(std::filesystem::temp_directory_path() /
               ("kith-rocks-" + std::to_string(::getpid()) + "-" + std::to_string(++made))) {
    options.folder = folder;
    options.row_cache_bytes = 4 << 20;
    options.block_cache_bytes = 1 << 20;
    options.retry_pause = std::chrono::milliseconds{1};
    options.clock_look = std::chrono::milliseconds{5};
    options.env = env.get();
    feeds.number = 60'011;
    feeds.name = "feeds";
    feeds.derived_from = "things";
  }
  ~RocksWorld() override {
    close();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  // Two loops on threads of their own, as a server has them.
  void open() {
    workers.emplace(2);
    store.emplace(RocksStore::Needs{clock, *workers}, options);
    for (int i = 0; i < 2; ++i) {
      loops.push_back(std::make_unique<boost::asio::io_context>(1));
      threads.emplace_back([&loop = *loops.back()] {
        auto const guard = boost::asio::make_work_guard(loop);
        loop.run();
      });
    }
  }
  void start() { store->start({loops[0]->get_executor(), loops[1]->get_executor()}); }
  void close() {
    if (!store) return;
    for (auto& loop : loops) loop->stop();
    for (auto& thread : threads) thread.join();
    threads.clear();
    workers.reset();
    store.reset();
    loops.clear();
  }
  void lose_power() {
    disk->lose_power();
    close();
    disk->restart();
  }

  // On one of the loops, so that many run side by side.
  template <class T>
  std::future<T> begin(Task<T> task) {
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    boost::asio::co_spawn(*loops[turn++ % loops.size()], std::move(task), [promise](std::exception_ptr error, T value) {
      if (error)
        promise->set_exception(error);
      else
        promise->set_value(std::move(value));
    });
    return future;
  }

  Commit vote(std::uint64_t poll, std::string const& voter, OperationId operation) {
    Commit commit;
    commit.operation = operation;
    commit.checks.push_back({contract::thing(poll, voter), std::nullopt});
    commit.puts.push_back({contract::thing(poll, voter), contract::text_value("yes")});
    commit.adds.push_back({contract::tally(poll, 1), contract::yes_field, 1});
    return commit;
  }
  std::string read(RowKey key) {
    std::vector<RowKey> keys;
    keys.push_back(std::move(key));
    bool const strict = keys[0].table->table_class == TableClass::strict;
    return contract::value_of(run(strict ? store->strict().get(keys) : store->wide().get(keys)).at(0));
  }
  std::size_t voters(std::uint64_t poll) {
    Range range{.table = &contract::things, .partition = contract::big_endian(poll), .limit = scan_max};
    return run(store->strict().scan(range)).rows.size();
  }

  static inline int made = 0;
  std::filesystem::path folder;
  std::shared_ptr<TestDisk> disk = std::make_shared<TestDisk>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  SystemClock clock;
  RocksOptions options;
  TableDescription feeds = contract::notes;  // derived, to be spread
  std::optional<Workers> workers;
  std::optional<RocksStore> store;
  std::vector<std::unique_ptr<boost::asio::io_context>> loops;
  std::vector<std::thread> threads;
  std::size_t turn = 0;
};

}  // namespace kith
