#pragma once

// One connection to a server. Any number of exchanges may be under way on it, each some commands that go out
// together; between their answers stands what the server says by itself. It belongs to one loop.

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>

#include "ports/cache/redis/stream.h"

namespace kith::redis {

struct Reach {
  bool tls = false;
  std::string user;
  std::string password_file;            // read anew for each connection; empty: none
  std::shared_ptr<TlsContext> context;  // of TLS
};

struct Ended {
  bool sent = false;   // something may have reached the server
  bool whole = false;  // everything was answered
  std::string why = {};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Called on the loop for each answer, before anything that the server said after it is looked at.
  using Take = std::function<void(std::size_t, Value&&)>;

  // More commands than a server answers in a second are not left to wait.
  static constexpr std::size_t answers_waiting_max = 100'000;
  static constexpr std::size_t bytes_waiting_max = 64 << 20;

  Connection(boost::asio::any_io_executor loop, std::unique_ptr<Stream> stream);
  void start();

  bool open() const { return stream_ != nullptr; }
  // Ends when all is answered, the connection is lost, or the deadline is past. What is answered after that
  // is still taken, in its turn.
  Task<Ended> exchange(std::string bytes, std::size_t answers, Take take, Deadline deadline);
  void close(std::string why);

  // Everything before this was said by the server when it answered, and has been taken.
  Deadline heard() const { return heard_; }
  Value const& greeting() const { return greeting_; }

  std::function<void(Value&&)> pushed = [](Value&&) {};
  std::function<void()> closed = [] {};
  bool blamed = false;  // its loss has been counted

 private:
  friend Task<std::shared_ptr<Connection>> connect(boost::asio::any_io_executor, Place, Reach, Deadline);

  struct Exchange {
    explicit Exchange(boost::asio::any_io_executor const& loop) : ended(loop, Deadline::max()) {}
    boost::asio::steady_timer ended;
    Take take;
    std::size_t answers = 0, answered = 0;
    Deadline sent;
    bool over = false;
    std::string why;
  };

  Task<void> read();
  Task<void> write();
  void flush_soon();
  void taken(Value&& value);

  boost::asio::any_io_executor loop_;
  std::shared_ptr<Stream> stream_;
  std::deque<std::shared_ptr<Exchange>> under_way_;
  std::size_t answers_waiting_ = 0;
  std::string out_;
  bool flushing_ = false, writing_ = false;
  Deadline heard_{};
  Value greeting_;
};

// Greets the server and signs in. Throws Error{unavailable} with the sentence for the operator, which names the
// setting to change.
Task<std::shared_ptr<Connection>> connect(boost::asio::any_io_executor loop, Place place, Reach reach,
                                          Deadline deadline);

}  // namespace kith::redis
