#pragma once

// A caller's connection to one process, on one of the caller's loops; everything here is called there.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "ports/rpc/call.h"
#include "ports/rpc/grpc/http2.h"
#include "ports/rpc/grpc/words.h"

namespace kith {

// How one try of a call ended.
struct GrpcEnd {
  enum class How : std::uint8_t {
    answered,     // by the other process, well or not
    turned_away,  // it surely did not run, and would not the next time
    unsent,       // it surely did not run
    lost,         // the line broke: perhaps it ran
    late,         // perhaps it ran, or still does
    given_up,     // by its caller
  };
  How how = How::unsent;
  grpc_words::Status status = grpc_words::Status::unknown;
  std::string code;     // of an Error of kith
  std::string message;  // the answer's, or what happened to the line
  std::string fields;
  std::string answer;

  bool well() const { return how == How::answered && status == grpc_words::Status::ok; }
};

class GrpcLine final : public Http2 {
 public:
  using Endpoint = ByteStream::Socket::endpoint_type;
  using Instant = std::chrono::steady_clock::time_point;
  struct Way {
    Endpoint to;
    std::shared_ptr<ByteStream::TlsContext> tls = {};  // over a network
    std::string name = {};                             // that the other's certificate must hold
  };

  // Begins to connect. `ended` is told on the same executor.
  static std::shared_ptr<GrpcLine> open(boost::asio::any_io_executor executor, Way way, std::function<void()> ended);

  // From any thread: what is done on its loop.
  static void soon(std::shared_ptr<GrpcLine> line, void (GrpcLine::*act)());

  bool is_connecting() const { return !is_over() && !was_accepted_; }
  bool is_ready() const { return takes_requests(); }
  // Until it is connected, or surely not, or it is late.
  Task<void> connected(Instant until);
  // One try, on a connected line; nothing at all is thrown.
  Task<GrpcEnd> call(Call call, std::string_view method, std::string message, Instant until);
  // Ends every call on it as given up, and the line.
  void give_up();
  using Http2::leave;

 private:
  struct Asked;
  explicit GrpcLine(boost::asio::any_io_executor const& executor);

  Task<void> run(Way way);
  void watch_time();
  void stop(std::int32_t id, GrpcEnd::How how, std::string_view why);
  void finish(Asked& asked, GrpcEnd::How how, std::string_view why);

  std::unique_ptr<Stream> opened() override;
  void field(Stream& stream, std::string_view name, std::string_view value) override;
  void closed(Stream& stream, bool refused) override;
  void accepted() override;

  bool was_accepted_ = false;
  bool given_up_ = false;
  std::vector<boost::asio::steady_timer*> waiting_;
  std::multimap<Instant, std::int32_t> ends_;  // of calls, by when they are late
  boost::asio::steady_timer late_;
  Instant late_set_to_ = Instant::max();
  std::string trouble_ = "it ended";
};

}  // namespace kith
