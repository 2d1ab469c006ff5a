#include "ports/table/cassandra/session.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <functional>
#include <future>

#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

#include "base/big_endian.h"
#include "base/check.h"
#include "base/error.h"

namespace kith::cassandra {
namespace {

using Clock = std::chrono::steady_clock;

// ThreadSanitizer sees no lock of Rust's, so it is told what the driver hands from thread to thread: the one that
// waits, by its context.
#if __has_feature(thread_sanitizer)
void handed_over(void* context) { __tsan_release(context); }
void taken_over(void* context) { __tsan_acquire(context); }
#else
void handed_over(void*) {}
void taken_over(void*) {}
#endif

kith_cassandra_bytes bytes_of(std::string const& text) { return {text.data(), text.size()}; }

std::string joined(std::vector<std::string> const& nodes) {
  std::string all;
  for (auto const& node : nodes) all += (all.empty() ? "" : ",") + node;
  return all;
}

Error unavailable(std::string detail) {
  return {Code::unavailable, "Storage is not available", "Cassandra: " + std::move(detail)};
}

}  // namespace

std::string number_value(std::int64_t number) {
  std::string value;
  append_big_endian(value, static_cast<std::uint64_t>(number));
  return value;
}

std::string small_number_value(std::int32_t number) {
  std::string value;
  append_big_endian(value, static_cast<std::uint32_t>(number));
  return value;
}

std::int64_t number_of(std::string_view value) { return static_cast<std::int64_t>(from_big_endian(value)); }

bool Answer::next() {
  check(!left_.empty(), "an answer has rows of as many requests as were made");
  bool const row = left_.front() != 0;
  left_.remove_prefix(1);
  return row;
}

std::string_view Answer::cell() {
  auto const size = static_cast<std::int32_t>(from_big_endian(left_.substr(0, 4)));
  left_.remove_prefix(4);
  if (size <= 0) return {};
  std::string_view const value = left_.substr(0, static_cast<std::size_t>(size));
  left_.remove_prefix(value.size());
  return value;
}

// What waits for one answer, which a thread of the driver brings.
struct Session::Flight {
  std::function<void(Answer)> ended;

  static void done(void* context, kith_cassandra_answer* answer) {
    taken_over(context);
    std::unique_ptr<Flight> const flight(static_cast<Flight*>(context));
    flight->ended(Answer(answer));
  }
};

Session::Session(Reach reach, Counts& counts) : reach_(std::move(reach)), counts_(counts) {
  if (!reach_.password_file.empty() && !std::ifstream(reach_.password_file))
    throw Error{Code::unavailable, "The password of Cassandra cannot be read from " + reach_.password_file +
                                       ": set cassandra_password_file to a file that holds it"};
  if (!reach_.authority.empty() && !std::ifstream(reach_.authority))
    throw Error{Code::unavailable, "The certificates that Cassandra is judged by cannot be read from " +
                                       reach_.authority + ": set cassandra_tls_authority to a file that holds them"};
  std::string const nodes = joined(reach_.nodes);
  kith_cassandra_options const options{.nodes = nodes.c_str(),
                                       .keyspace = reach_.keyspace.c_str(),
                                       .datacenter = reach_.datacenter.c_str(),
                                       .user = reach_.user.c_str(),
                                       .password_file = reach_.password_file.c_str(),
                                       .authority = reach_.authority.c_str(),
                                       .deadline_ms = static_cast<std::uint32_t>(reach_.deadline.count())};
  kith_cassandra_answer* failed = nullptr;
  client_ = kith_cassandra_open(&options, &failed);
  if (client_ != nullptr) return;
  Answer const answer(failed);
  if (answer.raw().kind == kith_cassandra_refused)
    throw Error{Code::unavailable,
                "Cassandra at " + nodes + " refuses the user " + (reach_.user.empty() ? "(none)" : reach_.user) +
                    ": set cassandra_user and cassandra_password_file",
                answer.why()};
  if (!reach_.authority.empty() && answer.why().find("SSL routines") != std::string::npos)
    throw Error{Code::unavailable,
                "No TLS can be spoken with Cassandra at " + nodes +
                    ": set cassandra_tls_authority to whose certificates it shows, or cassandra_servers to where it "
                    "speaks TLS",
                answer.why()};
  throw Error{Code::unavailable,
              "Cassandra cannot be reached at " + nodes + ": set cassandra_servers to where it listens", answer.why()};
}

Session::~Session() {
  if (client_ != nullptr) kith_cassandra_close(client_);
}

void Session::send(std::vector<Request> const& requests, Flight* flight) {
  std::vector<kith_cassandra_bytes> values;
  for (Request const& request : requests)
    for (std::string const& value : request.values) values.push_back(bytes_of(value));
  std::vector<kith_cassandra_request> raw;
  raw.reserve(requests.size());
  kith_cassandra_bytes const* next = values.data();
  for (Request const& request : requests) {
    raw.push_back({.statement = request.statement,
                   .values = next,
                   .values_count = request.values.size(),
                   .page_rows = request.page_rows,
                   .one_page = request.one_page,
                   .page = bytes_of(request.page)});
    next += request.values.size();
  }
  counts_.statements += requests.size();
  handed_over(flight);
  kith_cassandra_ask(client_, raw.data(), raw.size(), &Flight::done, flight);
}

void Session::check_breaker() {
  std::lock_guard const lock(mutex_);
  if (breaker_.allows(Clock::now())) return;
  ++counts_.refused;
  throw unavailable("it did not answer, and is given a pause");
}

void Session::ended(kith_cassandra_answer const& answer) {
  counts_.retries += answer.retries;
  if (answer.kind != kith_cassandra_done) ++counts_.failed;
  std::lock_guard const lock(mutex_);
  if (answer.kind == kith_cassandra_away)
    breaker_.failed(Clock::now());
  else
    breaker_.succeeded();
}

Task<Answer> Session::ask(Verb verb, std::vector<Request> requests) {
  check_breaker();
  auto const executor = co_await boost::asio::this_coro::executor;
  auto const began = Clock::now();
  std::optional<Answer> answer;
  co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
      [this, &requests, &answer, executor](auto handler) {
        auto held = std::make_shared<decltype(handler)>(std::move(handler));
        auto guard = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
        auto flight = std::make_unique<Flight>();
        ++counts_.under_way;
        // Posted with the answer in it: the coroutine may be gone when its loop is. Last: then this may be gone too.
        flight->ended = [this, &answer, held, guard](Answer ended) {
          --counts_.under_way;
          auto kept = std::make_shared<Answer>(std::move(ended));
          boost::asio::post(guard, [&answer, held, kept] {
            answer.emplace(std::move(*kept));
            std::move (*held)();
          });
        };
        send(requests, flight.release());
      },
      boost::asio::use_awaitable);
  ended(answer->raw());
  auto const micros = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
  (verb == Verb::read ? counts_.reads : counts_.writes) += 1;
  (verb == Verb::read ? counts_.read_micros : counts_.write_micros) += static_cast<std::uint64_t>(micros);
  if (answer->raw().kind != kith_cassandra_done) throw unavailable(answer->why());
  co_return std::move(*answer);
}

Answer Session::ask_and_wait(Request request) {
  auto answered = std::make_shared<std::promise<Answer>>();
  auto answer = answered->get_future();
  auto flight = std::make_unique<Flight>();
  flight->ended = [answered](Answer ended) { answered->set_value(std::move(ended)); };
  std::vector<Request> one;
  one.push_back(std::move(request));
  send(one, flight.release());
  Answer ended = answer.get();
  if (ended.raw().kind != kith_cassandra_done) throw unavailable(ended.why());
  return ended;
}

Statement Session::prepare(std::string const& statement) {
  kith_cassandra_answer* failed = nullptr;
  Statement const prepared = kith_cassandra_prepare(client_, bytes_of(statement), &failed);
  if (failed != nullptr) throw unavailable(statement + ": " + Answer(failed).why());
  return prepared;
}

std::optional<std::string> Session::define(std::string const& statement) {
  Answer const answer(kith_cassandra_define(client_, bytes_of(statement)));
  if (answer.raw().kind == kith_cassandra_done) return std::nullopt;
  return answer.why();
}

}  // namespace kith::cassandra
