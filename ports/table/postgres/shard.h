#pragma once

// One PostgreSQL server: its connections, and how long one waits for it. All of it happens on one loop.

#include <atomic>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/breaker.h"
#include "base/workers.h"
#include "ports/table/postgres/connection.h"

namespace kith::postgres {

// Counted over all servers, for operators; written on one thread, read by any.
struct Counts {
  std::atomic<std::uint64_t> reads{}, commits{}, conflicts{}, repeats{}, unknown{}, retries{}, late{}, refused{};
  std::atomic<std::uint64_t> read_micros{}, commit_micros{}, events_relayed{};
  std::atomic<std::int64_t> connections{}, waiting{}, under_way{};
};

// Counts something for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<std::int64_t>& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(Counted const&) = delete;

 private:
  std::atomic<std::int64_t>& count_;
};

// How a server is reached; the password is read anew for each connection, so that it may be changed.
struct Reach {
  std::string server;         // as libpq reads it: postgresql://kith@db1/kith?sslmode=verify-full
  std::string password_file;  // empty: none
  std::chrono::milliseconds deadline{5'000};
  // What an operator changes when it cannot be reached.
  char const* server_setting = "postgres_servers";
  char const* password_setting = "postgres_password_file";
};
// Waits; throws Error{unavailable} with one sentence that names the setting to change.
PGconn* connect(Reach const& reach);
// Host, port and database, without user and password.
std::string place_of(std::string const& server, char const* setting = "postgres_servers");

[[noreturn]] void throw_failure(char const* what, std::string detail);
// Whether the same may be asked again, and now may succeed.
bool is_passing(Result const& failure);

class Shard {
 public:
  struct Needs {
    boost::asio::any_io_executor loop;
    Workers& workers;  // for connecting
    Counts& counts;
    std::size_t readers = 2;  // connections that reads share
  };
  Shard(Needs needs, Reach reach, std::size_t connections_max)
      : needs_(std::move(needs)),
        reach_(std::move(reach)),
        connections_max_(connections_max),
        readers_(needs_.readers) {}

  // Of one's own until it is gone.
  class Lease {
   public:
    Lease(Shard& shard, std::shared_ptr<Connection> connection) : shard_(&shard), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept : shard_(other.shard_), connection_(std::move(other.connection_)) {}
    ~Lease() {
      if (connection_) shard_->give_back(std::move(connection_));
    }
    Connection* operator->() const { return connection_.get(); }

   private:
    Shard* shard_;
    std::shared_ptr<Connection> connection_;
  };

  // The turn at a partition. Whoever waits for a lock keeps a connection, so of one partition only two may: one
  // has the lock, one waits for it at the server. The others wait here.
  class Turn {
   public:
    Turn(Shard& shard, std::int64_t lock) : shard_(&shard), lock_(lock) {}
    Turn(Turn&& other) noexcept : shard_(std::exchange(other.shard_, nullptr)), lock_(other.lock_) {}
    ~Turn() {
      if (shard_ != nullptr) shard_->next(lock_);
    }

   private:
    Shard* shard_;
    std::int64_t lock_;
  };

  Deadline deadline() const { return std::chrono::steady_clock::now() + reach_.deadline; }
  // Throws Error{unavailable}: nothing was done.
  Task<Lease> lease(Deadline deadline);
  Task<Turn> turn(std::int64_t lock, Deadline deadline);
  // A new connection, counted nowhere.
  Task<std::shared_ptr<Connection>> connected();
  // Statements that change nothing, each for itself, beside those of others; tried again while there is
  // time. Throws Error{unavailable}.
  Task<std::vector<Result>> read(std::vector<Query> queries);
  // False: there is no time for another try.
  Task<bool> pause(int attempt, Deadline deadline);
  // A connection that was good ended without an answer.
  void lost(Connection& connection);
  // Reads under way.
  std::size_t reading() const { return reading_; }
  bool refusing() const { return breaker_.open(); }
  void close();

 private:
  struct Reader {
    std::shared_ptr<Connection> connection = {};
    std::shared_ptr<boost::asio::steady_timer> connecting = {};
  };
  static constexpr std::size_t waiting_max = 2'000;  // some seconds of work: more would only be late

  Task<std::shared_ptr<Connection>> reader(Deadline deadline);
  struct Turns {
    struct Waiting {
      boost::asio::steady_timer timer;
      bool come = false;
    };
    int taken = 0;
    std::list<Waiting*> waiting = {};
  };
  static constexpr int turns_max = 2;

  void next(std::int64_t lock);
  void give_back(std::shared_ptr<Connection> connection);
  void wake_next();

  Needs needs_;
  Reach reach_;
  std::size_t connections_max_;
  Breaker breaker_;
  std::vector<Reader> readers_;
  std::size_t turn_ = 0;
  std::size_t reading_ = 0;
  std::vector<std::shared_ptr<Connection>> idle_;
  std::size_t made_ = 0;  // leased, idle, or being connected
  std::list<boost::asio::steady_timer*> waiting_;
  std::unordered_map<std::int64_t, Turns> turns_;
  bool closed_ = false;
};

}  // namespace kith::postgres
