#pragma once

// Calls between processes as gRPC says them over HTTP/2, on a unix socket in a folder that only its owner may enter:
// who can open the socket is one of us. Over TCP mutual TLS says so (identity.h); without it TCP is refused.
//
// Both ends run on loops of the process, each with connections of its own, so that a call needs no lock and no other
// thread on its way (docs/decisions/0017).
//
// An address is "unix:/path/of/the.sock", its folder made if it is missing, and refused (Error invalid) when others
// may enter it or own it; or "tcp:HOST:PORT", where a name may stand for several processes.

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
#include "ports/rpc/discovery.h"
#include "ports/rpc/identity.h"
#include "ports/rpc/methods.h"

namespace kith {

// A call without a deadline waits so long for its answer: more work than that is asked for in pages.
inline constexpr Duration grpc_wait_max = std::chrono::seconds{60};

// Says why this address is refused without an identity, naming the settings.
std::string tls_missing(std::string const& address);

// Asks the processes of a role in turn, those first that are connected. Which of them does not answer for a while is
// given a pause; a call that surely did not run is begun with another, as is one whose line broke where that does
// nothing twice. When none is connected a call waits for a moment, so that all are served again as soon as one has
// come back.
class GrpcChannel final : public Channel {
 public:
  struct Settings {
    std::vector<std::string> addresses;
    std::shared_ptr<Identities const> identities = {};  // for tcp
    std::string name = {};                              // that their certificates must hold: "social.kith.internal"
    std::shared_ptr<Discovery> discovery = {};          // for service:NAME
  };
  // Connects at the first call, and again whenever the other end has come back.
  explicit GrpcChannel(Settings settings);
  explicit GrpcChannel(std::string const& address) : GrpcChannel(Settings{.addresses = {address}}) {}
  // Closes.
  ~GrpcChannel() override;
  // Where its connections live from now on, each a loop that runs one handler at a time: a call made on one of them
  // stays there. Before the first call; a channel that is told nothing has a thread of its own.
  void run_on(std::vector<boost::asio::any_io_executor> loops);
  // Ends what is under way (unknown) and waits for it; what comes afterwards is refused. Must come before the end of
  // its loops and of the executors that wait for calls, and not from one of them. Repeating it does nothing.
  void close();

  Task<std::string> call(Call call, RpcMethod method, std::string request) override;

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

class GrpcServer {
 public:
  struct Settings {
    std::vector<std::string> addresses;
    std::shared_ptr<Identities const> identities = {};  // for tcp
    // Calls at work at once. Beyond it a caller is told to come later, which is quicker than a queue
    // whose end nobody waits for any more.
    std::size_t concurrent_max = 2'000;
  };
  // Serves from now on. Connections are given to the executors in turn, which run one handler at a time; a call runs
  // where its connection is. A call that has begun runs to its end, even if its caller has gone; one that was given up
  // before is not begun.
  // Throws Error{invalid} for an address that is none, Error{unavailable} for one in use.
  GrpcServer(Settings settings, Methods const& methods, std::vector<boost::asio::any_io_executor> executors);
  ~GrpcServer();

  // Where it answers: as it was told, with the port that the system chose when it was asked for port 0.
  std::vector<std::string> const& addresses() const;

  // Turns callers away, who then ask another process of the role, until no more come; waits for the calls that have
  // begun, whose executors must still be running. Repeating it does nothing.
  void stop();

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace kith
