#include "ports/cache/redis/connection.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/error.h"
#include "base/into.h"
#include "base/password_file.h"

namespace kith::redis {
namespace {

using std::chrono::steady_clock;

[[noreturn]] void refuse(std::string say) { throw Error{Code::unavailable, std::move(say)}; }

void check_greeting(Value const& told, Place const& place) {
  std::string const server = "Redis at " + place.text();
  if (told.fails("NOAUTH")) refuse(server + " wants a password: name its file in redis_password_file");
  if (told.fails("WRONGPASS"))
    refuse(server + " refuses the password (redis_password_file, and the user in redis_servers): " + told.text);
  if (told.is(Value::Kind::error)) refuse(server + " cannot serve kith, which needs Redis 6.2 or newer: " + told.text);
  Value const* const version = told.find("proto");
  if (version == nullptr || version->number != 3) refuse(server + " (redis_servers) does not speak RESP3");
}

}  // namespace

Connection::Connection(boost::asio::any_io_executor loop, std::unique_ptr<Stream> stream)
    : loop_(std::move(loop)), stream_(std::move(stream)), heard_(steady_clock::now()) {}

void Connection::start() {
  boost::asio::co_spawn(loop_, read(), [kept = shared_from_this()](std::exception_ptr) {});
}

void Connection::close(std::string why) {
  if (!open()) return;
  auto const kept = shared_from_this();
  std::exchange(stream_, nullptr)->close();
  for (auto& exchange : std::exchange(under_way_, {})) {
    if (exchange->over) continue;
    exchange->over = true;
    exchange->why = why;
    exchange->ended.cancel();
  }
  closed();
}

Task<Ended> Connection::exchange(std::string bytes, std::size_t answers, Take take, Deadline deadline) {
  auto const self = shared_from_this();
  if (!open()) co_return Ended{.why = "the connection is closed"};
  if (answers_waiting_ + answers > answers_waiting_max || out_.size() + bytes.size() > bytes_waiting_max)
    co_return Ended{.why = "too much is waiting for answers"};
  auto const exchange = std::make_shared<Exchange>(loop_);
  exchange->take = std::move(take);
  exchange->answers = answers;
  exchange->sent = steady_clock::now();
  under_way_.push_back(exchange);
  answers_waiting_ += answers;
  out_ += bytes;
  flush_soon();
  exchange->ended.expires_at(deadline);
  boost::system::error_code ignored;
  co_await exchange->ended.async_wait(into(ignored));
  bool const whole = exchange->answered == exchange->answers;
  if (!exchange->over) exchange->why = "no answer in time";
  exchange->over = true;
  co_return Ended{.sent = true, .whole = whole, .why = exchange->why};
}

// What is asked in one turn of the loop goes out together.
void Connection::flush_soon() {
  if (writing_ || std::exchange(flushing_, true)) return;
  boost::asio::post(loop_, [self = shared_from_this()] {
    self->flushing_ = false;
    if (!self->open() || self->writing_ || self->out_.empty()) return;
    self->writing_ = true;
    boost::asio::co_spawn(self->loop_, self->write(), [kept = self](std::exception_ptr) {});
  });
}

Task<void> Connection::write() {
  while (open() && !out_.empty()) {
    auto const stream = stream_;
    std::string const bytes = std::exchange(out_, {});
    boost::system::error_code failure;
    co_await stream->write(boost::asio::buffer(bytes), failure);
    if (failure) close(failure.message());
  }
  writing_ = false;
}

Task<void> Connection::read() {
  std::string bytes;
  std::array<char, 64 << 10> fresh{};
  while (open()) {
    auto const stream = stream_;
    boost::system::error_code failure;
    std::size_t const size = co_await stream->read(boost::asio::buffer(fresh), failure);
    bytes.append(fresh.data(), size);
    std::size_t done = 0;
    try {
      Value value;
      while (open()) {
        std::size_t const one = read_value(std::string_view(bytes).substr(done), value);
        if (one == 0) break;
        done += one;
        taken(std::move(value));
      }
    } catch (Error const& error) {
      close(error.detail);
    }
    bytes.erase(0, done);
    if (failure) close(failure.message());
  }
}

void Connection::taken(Value&& value) {
  if (value.is(Value::Kind::push)) return pushed(std::move(value));
  if (under_way_.empty()) return close("Redis said what nobody asked for");
  auto const exchange = under_way_.front();
  exchange->take(exchange->answered++, std::move(value));
  --answers_waiting_;
  if (exchange->answered < exchange->answers || !open()) return;
  under_way_.pop_front();
  heard_ = exchange->sent;
  exchange->over = true;
  exchange->ended.cancel();
}

Task<std::shared_ptr<Connection>> connect(boost::asio::any_io_executor loop, Place place, Reach reach,
                                          Deadline deadline) {
  std::string hello;
  if (reach.password_file.empty())
    append_command(hello, {"HELLO", "3", "SETNAME", "kith"});
  else
    append_command(hello, {"HELLO", "3", "AUTH", reach.user.empty() ? "default" : reach.user,
                           password_in(reach.password_file, "redis_password_file"), "SETNAME", "kith"});
  std::string why;
  std::shared_ptr<Connection> connection;
  Value told;
  try {
    auto stream = co_await open_stream(loop, place, reach.tls ? reach.context : nullptr, deadline);
    connection = std::make_shared<Connection>(loop, std::move(stream));
  } catch (Error const& error) {
    why = error.detail;
  }
  if (connection) {
    connection->start();
    auto const greeted = connection.get();
    Ended const ended = co_await connection->exchange(
        std::move(hello), 1, [greeted](std::size_t, Value&& value) { greeted->greeting_ = std::move(value); },
        deadline);
    if (!ended.whole) why = ended.why;
  }
  if (!why.empty() && connection) connection->close(why);
  if (!why.empty()) refuse("Redis cannot be reached at " + place.text() + " (redis_servers): " + why);
  try {
    check_greeting(connection->greeting(), place);
  } catch (Error const&) {
    connection->close("the server is not fit");
    throw;
  }
  co_return connection;
}

}  // namespace kith::redis
