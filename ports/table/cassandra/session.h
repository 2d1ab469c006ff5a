#pragma once

// A connection with a Cassandra cluster as coroutines see it: the driver's C interface, a breaker before it, and
// what operators count.

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/breaker.h"
#include "base/task.h"
#include "ports/table/cassandra/driver.h"

namespace kith::cassandra {

struct Reach {
  std::vector<std::string> nodes;  // HOST:PORT
  std::string keyspace;
  std::string datacenter;
  std::string user;
  std::string password_file;
  std::string authority;  // a file with certificates; empty: no TLS
  std::chrono::milliseconds deadline;
};

struct Counts {
  std::atomic<std::uint64_t> reads = 0, writes = 0, statements = 0, retries = 0, failed = 0, refused = 0;
  std::atomic<std::uint64_t> read_micros = 0, write_micros = 0;
  std::atomic<std::int64_t> under_way = 0;
};

using Statement = std::uint32_t;

// Values as the protocol writes them.
std::string number_value(std::int64_t number);
std::string small_number_value(std::int32_t number);
std::int64_t number_of(std::string_view value);

struct Request {
  Statement statement = 0;
  std::vector<std::string> values;
  std::int32_t page_rows = 500;
  bool one_page = false;
  std::string page = {};  // where to go on, as an answer said it
};

// The rows of one request after the other: next() for each row, then cells, until there is none; then rest().
class Answer {
 public:
  explicit Answer(kith_cassandra_answer* answer) : answer_(answer) { left_ = {answer->bytes.data, answer->bytes.size}; }

  bool next();
  std::string_view cell();  // nothing where there is none
  // After the last row: where the request goes on; empty: it does not.
  std::string_view rest() { return cell(); }

  kith_cassandra_answer const& raw() const { return *answer_; }
  std::string why() const { return {answer_->bytes.data, answer_->bytes.size}; }

 private:
  struct Free {
    void operator()(kith_cassandra_answer* answer) const { kith_cassandra_free(answer); }
  };
  std::unique_ptr<kith_cassandra_answer, Free> answer_;
  std::string_view left_;
};

enum class Verb : std::uint8_t { read, write };

class Session {
 public:
  // Waits until it is connected. Throws Error{unavailable} with the sentence for people.
  Session(Reach reach, Counts& counts);
  Session(Session const&) = delete;
  // Whoever waits for an answer learns that none will come.
  ~Session();

  Reach const& reach() const { return reach_; }
  // Any number of statements, of which the driver sends some at once. Throws Error{unavailable}.
  Task<Answer> ask(Verb verb, std::vector<Request> requests);

  // Both wait. A definition says whether it was done; what is prepared must be right.
  Statement prepare(std::string const& statement);
  std::optional<std::string> define(std::string const& statement);
  Answer ask_and_wait(Request request);

 private:
  struct Flight;
  void send(std::vector<Request> const& requests, Flight* flight);
  void check_breaker();
  void ended(kith_cassandra_answer const& answer);

  Reach reach_;
  Counts& counts_;
  kith_cassandra* client_ = nullptr;
  std::mutex mutex_;
  Breaker breaker_;
};

}  // namespace kith::cassandra
