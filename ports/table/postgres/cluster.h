#pragma once

// All servers of one engine. A partition lies on one of them, by its slot, for ever: the map is the list
// of servers. What speaks to them runs on one loop, whoever asks, and its callers go on on their own; but reads of
// those who run on a loop of the process stay there, on connections of that loop, for to change threads twice costs
// more than the read.

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/loops.h"
#include "ports/table/postgres/layout.h"
#include "ports/table/postgres/shard.h"

namespace kith::postgres {

struct Cluster {
  boost::asio::any_io_executor loop;
  Layout layout;
  Counts counts;
  std::vector<std::unique_ptr<Shard>> shards;
  std::function<void(std::size_t shard)> emitted;  // on the loop, after a commit with events

  std::size_t shard_of(std::string_view partition) const {
    return std::size_t{slot_of(partition)} * shards.size() / slots;
  }
  struct Near {
    boost::asio::any_io_executor loop;
    std::vector<std::unique_ptr<Shard>> shards = {};
  };
  std::vector<Near> near = {};  // does not change while it is open
  std::atomic<bool> near_open = false;

  Task<std::vector<Result>> read(std::size_t shard, std::vector<Query> queries) {
    if (near_open) {
      auto const here = co_await boost::asio::this_coro::executor;
      for (Near& each : near) {
        if (!on_one_loop(each.loop, here)) continue;
        Counted const under_way(counts.under_way);
        co_return co_await each.shards[shard]->read(std::move(queries));
      }
    }
    co_return co_await there(shards[shard]->read(std::move(queries)));
  }
  // Runs it on the loop and resumes where it was awaited.
  template <class T>
  Task<T> there(Task<T> task) {
    Counted const under_way(counts.under_way);
    co_return co_await boost::asio::co_spawn(loop, std::move(task), boost::asio::use_awaitable);
  }
};

}  // namespace kith::postgres
