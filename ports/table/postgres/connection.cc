#include "ports/table/postgres/connection.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/into.h"

namespace kith::postgres {
namespace {

using Wait = boost::asio::posix::descriptor_base::wait_type;

Task<bool> waited(boost::asio::posix::stream_descriptor& socket, Wait wait) {
  boost::system::error_code failure;
  co_await socket.async_wait(wait, into(failure));
  co_return !failure;
}

}  // namespace

bool Result::ok() const {
  auto const status = PQresultStatus(result_.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::string Result::state() const {
  char const* const state = PQresultErrorField(result_.get(), PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string() : state;
}

std::string Result::why() const {
  char const* const words = PQresultErrorField(result_.get(), PG_DIAG_MESSAGE_PRIMARY);
  return "PostgreSQL " + state() + ": " + (words == nullptr ? PQresStatus(PQresultStatus(result_.get())) : words);
}

Result const* Answers::failure() const {
  auto const failed = std::ranges::find_if(results, [](Result const& result) { return !result.ok(); });
  return failed == results.end() ? nullptr : &*failed;
}

Connection::Connection(boost::asio::any_io_executor loop, PGconn* connected)
    : loop_(std::move(loop)), connected_(connected), socket_(loop_, PQsocket(connected)) {
  PQsetnonblocking(connected_, 1);
  PQenterPipelineMode(connected_);
}

void Connection::start() {
  boost::asio::co_spawn(loop_, read(), [kept = shared_from_this()](std::exception_ptr) {});
}

void Connection::close(std::string why) {
  if (connected_ == nullptr) return;
  socket_.release();  // it is libpq's
  PQfinish(std::exchange(connected_, nullptr));
  if (auto const gathered = std::exchange(gathered_, nullptr)) end(*gathered, why);
  for (auto const& exchange : std::exchange(under_way_, {})) end(*exchange, why);
}

void Connection::end(Exchange& exchange, std::string const& why) {
  exchange.over = true;
  exchange.answers.why = why;
  exchange.ended.cancel();
}

Task<Answers> Connection::exchange(std::vector<Query> queries, Deadline deadline) {
  auto const exchange = std::make_shared<Exchange>(loop_, deadline);
  exchange->queries = std::move(queries);
  send(exchange);
  co_await ended(exchange);
  co_return std::move(exchange->answers);
}

Task<Answers> Connection::exchange_together(std::vector<Query> queries, Deadline deadline) {
  if (!gathered_) gathered_ = std::make_shared<Exchange>(loop_, deadline);
  auto const exchange = gathered_;
  std::size_t const first = exchange->queries.size(), count = queries.size();
  std::ranges::move(queries, std::back_inserter(exchange->queries));
  if (exchange->queries.size() >= together_max || !open())
    send_gathered();
  else
    flush_soon();
  co_await ended(exchange);
  Answers const& all = exchange->answers;
  Answers own{.sent = all.sent, .whole = all.whole, .why = all.why};
  for (std::size_t i = first; i < std::min(first + count, all.results.size()); ++i)
    own.results.push_back(all.results[i]);
  co_return own;
}

Task<void> Connection::ended(ExchangePtr exchange) {
  auto const self = shared_from_this();
  if (!exchange->over) {
    boost::system::error_code ignored;
    co_await exchange->ended.async_wait(into(ignored));
  }
  if (!exchange->over) close("no answer in time");
}

void Connection::send_gathered() {
  if (auto const gathered = std::exchange(gathered_, nullptr)) send(gathered);
}

void Connection::send(ExchangePtr const& exchange) {
  if (!open()) return end(*exchange, "the connection is closed");
  exchange->answers.sent = true;
  under_way_.push_back(exchange);
  auto const queries = std::exchange(exchange->queries, {});
  bool const sent = std::ranges::all_of(queries, [&](Query const& query) { return send(query, *exchange); }) &&
                    PQpipelineSync(connected_) == 1;
  if (sent)
    flush_soon();
  else
    close(PQerrorMessage(connected_));
}

bool Connection::send(Query const& query, Exchange& exchange) {
  std::vector<char const*> values;
  std::vector<int> sizes;
  std::vector<int> const binary(query.values.size(), 1);
  for (Cell const& cell : query.values) {
    values.push_back(cell ? cell->data() : nullptr);
    sizes.push_back(cell ? static_cast<int>(cell->size()) : 0);
  }
  auto const count = static_cast<int>(values.size());
  Statement const& statement = *query.statement;
  exchange.prepares.emplace_back();
  if (statement.name.empty())
    return PQsendQueryParams(connected_, statement.sql.c_str(), count, nullptr, values.data(), sizes.data(),
                             binary.data(), 1) == 1;
  if (prepared_.insert(statement.name).second) {
    exchange.prepares.back() = statement.name;
    exchange.prepares.emplace_back();
    if (PQsendPrepare(connected_, statement.name.c_str(), statement.sql.c_str(), 0, nullptr) != 1) return false;
  }
  return PQsendQueryPrepared(connected_, statement.name.c_str(), count, values.data(), sizes.data(), binary.data(),
                             1) == 1;
}

// What is asked in one turn of the loop goes out together.
void Connection::flush_soon() {
  if (std::exchange(flushing_, true)) return;
  boost::asio::post(loop_, [self = shared_from_this()] {
    self->send_gathered();
    self->flushing_ = false;
    self->flush();
  });
}

void Connection::flush() {
  if (!open() || writing_) return;
  int const left = PQflush(connected_);
  if (left < 0) return close(PQerrorMessage(connected_));
  if (left == 0) return;
  writing_ = true;
  boost::asio::co_spawn(loop_, write(), [kept = shared_from_this()](std::exception_ptr) {});
}

Task<void> Connection::write() {
  for (int left = 1; open() && left > 0;) {
    bool const ready = co_await waited(socket_, Wait::wait_write);
    if (!ready || !open()) break;
    left = PQflush(connected_);
    if (left < 0) close(PQerrorMessage(connected_));
  }
  writing_ = false;
}

Task<void> Connection::read() {
  while (open()) {
    bool const ready = co_await waited(socket_, Wait::wait_read);
    if (!open()) co_return;
    if (!ready || PQconsumeInput(connected_) != 1) {
      // The server may have said why before it hung up.
      take_results();
      if (open()) close(PQerrorMessage(connected_));
      co_return;
    }
    take_results();
    flush();
  }
}

void Connection::take_results() {
  // Between the results of two statements stands a null; two of them: there is nothing more yet.
  for (int nulls = 0; nulls < 2 && open() && PQisBusy(connected_) == 0;) {
    PGresult* const raw = PQgetResult(connected_);
    if (raw == nullptr) {
      ++nulls;
      continue;
    }
    nulls = 0;
    Result result(raw);
    if (under_way_.empty()) return close("PostgreSQL said what nobody asked for: " + result.why());
    auto const exchange = under_way_.front();
    if (PQresultStatus(raw) == PGRES_PIPELINE_SYNC) {
      under_way_.pop_front();
      exchange->over = exchange->answers.whole = true;
      exchange->ended.cancel();
      answered();
      continue;
    }
    take(std::move(result), *exchange);
  }
}

void Connection::take(Result result, Exchange& exchange) {
  std::string prepares;
  if (!exchange.prepares.empty()) {
    prepares = std::move(exchange.prepares.front());
    exchange.prepares.pop_front();
  }
  if (!result.ok()) prepared_.erase(prepares);
  // That it could not be prepared is said in place of the statement, which then is skipped.
  bool const said = std::exchange(exchange.unprepared, !prepares.empty() && !result.ok());
  if (!said && (prepares.empty() || !result.ok())) exchange.answers.results.push_back(std::move(result));
}

}  // namespace kith::postgres
