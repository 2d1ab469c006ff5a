#pragma once

// All servers of one engine: one, or those of a Cluster, each with its slots. What speaks to them runs on one
// loop, whoever asks; its callers go on on their own.

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

#include "base/observed.h"
#include "ports/cache/redis/address.h"
#include "ports/cache/redis/node.h"
#include "ports/cache/redis/redis.h"

namespace kith::redis {

// Counts something for as long as it lives.
class Counting {
 public:
  explicit Counting(std::atomic<std::int64_t>& count) : count_(count) { ++count_; }
  ~Counting() { --count_; }
  Counting(Counting const&) = delete;

 private:
  std::atomic<std::int64_t>& count_;
};

struct Command {
  Slot slot = 0;
  std::string bytes;
  bool repeatable = true;  // doing it twice is doing it once

  // While it is asked.
  bool over = false;
  std::shared_ptr<Node> asked_there = {};  // by an ASK
};

// What goes out together, each command to whoever has its slot.
struct Batch {
  std::vector<Command> commands;
  // On the loop, for each that is answered before `ask` ends, with nothing in between that a server said after it.
  std::function<void(std::size_t, Value&&)> take;

  // While it is asked.
  bool unknown_script = false;  // a server has forgotten what EVALSHA names
  bool over = false;
  std::size_t unanswered = 0;  // commands, when it has ended
};

// What callers want of the servers, as operators watch it.
struct Verb {
  char const* name;
  std::optional<CallNumbers> numbers = {};
};
struct Verbs {
  Verb get{"get"}, set{"set"}, invalidate{"invalidate"}, count{"count"}, say{"say"};
};

class Servers {
 public:
  static constexpr int attempts_max = 4;

  Servers(boost::asio::any_io_executor loop, RedisOptions const& options);

  // Finds out who the servers are. Throws Error{unavailable} with the sentence for the operator.
  Task<void> open();
  void close();

  // A call of somebody who waits for it: counted, and a span of whatever runs here.
  static Observation begin(Verb const& verb, std::size_t commands);
  static void end(Observation& observation, bool answered);
  // Asks on the loop, watched, and resumes where it was awaited.
  Task<void> call(Verb const& verb, std::shared_ptr<Batch> batch);
  // Asks until all is answered, tried often enough or too late; what is not answered then is not taken.
  Task<void> ask(std::shared_ptr<Batch> batch);

  // Runs it on the loop and resumes where it was awaited.
  template <class T>
  Task<T> there(Task<T> task) {
    Counting const under_way(counts.under_way);
    co_return co_await boost::asio::co_spawn(loop, std::move(task), boost::asio::use_awaitable);
  }

  // The server that the turn falls to, for what any of them can do, with how to reach it.
  Place place(std::size_t turn) const;
  Reach const& reach() const { return reach_; }
  RedisOptions const& options() const { return options_; }
  // Until when nothing that a server has pushed can be missing here.
  Deadline heard() const;

  boost::asio::any_io_executor const loop;
  Counts counts;
  Hooks hooks;
  Verbs verbs;

 private:
  Task<void> ask_node(std::shared_ptr<Node> node, std::shared_ptr<Batch> batch, std::vector<std::size_t> which,
                      Deadline deadline);
  bool answered(Node const& node, Batch& batch, std::size_t i, Value&& value);
  std::shared_ptr<Node> node_at(Place const& place);
  std::shared_ptr<Node> node_of(Command const& command);
  void use(std::vector<SlotRange> const& map);
  void refresh_soon();
  Task<void> refresh();

  RedisOptions options_;
  Reach reach_;
  std::map<Place, std::shared_ptr<Node>> nodes_;
  std::vector<std::shared_ptr<Node>> slots_;  // of a Cluster; else empty
  bool refreshing_ = false, closing_ = false;
  Deadline refreshed_{};
};

}  // namespace kith::redis
