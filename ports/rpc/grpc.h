#pragma once

// Calls between processes over gRPC, on a unix socket in a folder that only its owner may enter: who
// can open the socket is one of us. TCP is refused until mutual TLS can say the same of a peer.
//
// An address is "unix:/path/of/the.sock". Its folder is made if it is missing, and refused
// (Error invalid) when others may enter it or own it.

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "ports/rpc/channel.h"
#include "ports/rpc/methods.h"

namespace kith {

// A call without a deadline waits so long for its answer: more work than that is asked for in pages.
inline constexpr Duration grpc_wait_max = std::chrono::seconds{60};

class GrpcChannel final : public Channel {
 public:
  // Connects at the first call, and again whenever the other end has come back.
  explicit GrpcChannel(std::string const& address);
  // Ends what is under way (unknown) and waits for it. Must come before the end of the executors
  // that wait for calls.
  ~GrpcChannel() override;

  Task<std::string> call(Call call, std::string_view method, std::string request) override;

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

class GrpcServer {
 public:
  struct Settings {
    std::string address;
    // Calls at work at once. Beyond it a caller is told to come later, which is quicker than a queue
    // whose end nobody waits for any more.
    std::size_t concurrent_max = 2'000;
    // Told of every answer that is an Error, with the detail that does not leave this process. Called
    // on any thread.
    std::function<void(std::string_view method, Error const& error)> failed = {};
  };
  // Serves from now on. Each call runs on one of the executors, taken in turn. A call that has begun
  // runs to its end, even if its caller has gone; one whose deadline passed before is not begun.
  // Throws Error{invalid} for an address that is none, Error{unavailable} for one in use.
  GrpcServer(Settings settings, Methods const& methods, std::vector<boost::asio::any_io_executor> executors);
  ~GrpcServer();

  // Takes no more calls and waits for those that have begun; their executors must still be running.
  // Repeating it does nothing.
  void stop();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace kith
