#pragma once

// One connection to PostgreSQL, in pipeline mode: any number of exchanges may be under way on it, each a
// few statements that are answered together. It belongs to one loop; all of it happens there.

#include <libpq-fe.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/task.h"
#include "ports/table/postgres/binary.h"

namespace kith::postgres {

// When to give up: by the machine's own clock, for servers know no other.
using Deadline = std::chrono::steady_clock::time_point;

class Result {
 public:
  explicit Result(PGresult* result) : result_(result, &PQclear) {}

  bool ok() const;
  // Not even tried, for a statement before it in the same exchange failed.
  bool skipped() const { return PQresultStatus(result_.get()) == PGRES_PIPELINE_ABORTED; }
  int rows() const { return PQntuples(result_.get()); }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view cell(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::int64_t number(int row, int column) const { return bigint_of(cell(row, column)); }
  // What was done: "COMMIT", or "ROLLBACK" where a COMMIT found nothing to keep.
  std::string_view done() const { return PQcmdStatus(result_.get()); }
  // Of a failure: its five characters (empty: it was not even tried) and words.
  std::string state() const;
  std::string why() const;

 private:
  std::shared_ptr<PGresult> result_;
};

// A statement that is prepared once a connection; without a name each time anew.
struct Statement {
  std::string name;
  std::string sql;
};
struct Query {
  Statement const* statement = nullptr;
  std::vector<Cell> values = {};
};

struct Answers {
  std::vector<Result> results;  // of each statement, as far as they came
  bool sent = false;            // something may have reached the server
  bool whole = false;           // everything was answered; else the connection is lost
  std::string why = {};

  // The first statement that failed.
  Result const* failure() const;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Takes over what was connected already.
  Connection(boost::asio::any_io_executor loop, PGconn* connected);
  ~Connection() { close("the connection is closed"); }
  Connection(Connection const&) = delete;
  void start();

  bool open() const { return connected_ != nullptr; }
  bool idle() const {
    return open() && !gathered_ && under_way_.empty() && PQtransactionStatus(connected_) == PQTRANS_IDLE;
  }
  std::size_t under_way() const { return under_way_.size(); }
  // Answers only when all is answered, the connection is lost, or the deadline is past; then it is closed,
  // for nobody knows what belongs to whom any more.
  Task<Answers> exchange(std::vector<Query> queries, Deadline deadline);
  // The same in one exchange with whatever else is asked so in this turn of the loop, for each costs a packet and a
  // transaction. A statement that fails keeps those of others behind it from being tried (Result::skipped).
  Task<Answers> exchange_together(std::vector<Query> queries, Deadline deadline);
  void close(std::string why);

  std::function<void()> answered = [] {};  // after each exchange that was answered whole
  bool blamed = false;                     // its loss has been counted

 private:
  struct Exchange {
    Exchange(boost::asio::any_io_executor const& loop, Deadline deadline) : ended(loop, deadline) {}
    boost::asio::steady_timer ended;
    std::vector<Query> queries;  // until they are sent
    Answers answers;
    std::deque<std::string> prepares;  // of each result to come: what it prepares, or nothing
    bool unprepared = false;           // the statement of the next result
    bool over = false;
  };
  using ExchangePtr = std::shared_ptr<Exchange>;

  static constexpr std::size_t together_max = 64;  // statements: who came first waits for the last

  void send(ExchangePtr const& exchange);
  bool send(Query const& query, Exchange& exchange);
  void send_gathered();
  Task<void> ended(ExchangePtr exchange);
  void end(Exchange& exchange, std::string const& why);
  void flush_soon();
  void flush();
  Task<void> read();
  Task<void> write();
  void take_results();
  void take(Result result, Exchange& exchange);

  boost::asio::any_io_executor loop_;
  PGconn* connected_;
  boost::asio::posix::stream_descriptor socket_;
  std::deque<ExchangePtr> under_way_;
  ExchangePtr gathered_;  // to be sent at the end of this turn of the loop
  std::unordered_set<std::string> prepared_;
  bool flushing_ = false, writing_ = false;
};

}  // namespace kith::postgres
