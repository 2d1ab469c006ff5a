#pragma once

// One connection of a client, from its first byte to its last. Internal to the server.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "base/metrics.h"
#include "gateway/http/server.h"
#include "gateway/http/tls.h"

namespace kith {

// With the loop's own executor type: any_io_executor would cost an indirection in every operation.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// What all connections of a server share.
struct Shared {
  Edge& edge;
  ServerSettings const settings;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> tasks{0};  // that accept and watch
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> bodies{0};
  std::atomic<bool> stopping{false};
  std::atomic<bool> draining{false};  // answers end their connection
  Counter timeouts;
  Counter overloads;
  Counter unanswered;
  Gauge open;     // connections, and
  Gauge running;  // requests, as of the last tick
};

class Hub;

// What a hub needs to know of a connection.
class Connection {
 public:
  Connection(Hub& hub);
  virtual ~Connection();
  virtual void cancel() = 0;  // ends its wait, for the client or for a handler

  // Milliseconds of Hub::now(); the greatest number: it waits for nobody.
  std::int64_t deadline = 0;
  bool idle = true;  // between two requests: may be closed at any time
  bool timed_out = false;

 protected:
  Hub& hub() { return hub_; }

 private:
  Hub& hub_;
  std::list<Connection*>::iterator place_;
};

// The connections of one loop. Touched only on its thread.
class Hub {
 public:
  Hub(Shared& shared, boost::asio::io_context& loop) : shared(shared), loop(loop) {}

  Task<void> watch();  // closes, once a tick, what waits too long for its client; until end()
  void end();
  void close(bool idle_only);
  static std::int64_t now();
  // "Date: ..." with its line end, made once a second.
  std::string_view date();

  Shared& shared;
  boost::asio::io_context& loop;
  std::list<Connection*> connections;

 private:
  boost::asio::steady_timer* ticking_ = nullptr;
  bool ending_ = false;
  std::int64_t date_second_ = 0;
  std::string date_;
};

// Serves a socket that was accepted until either side ends it. Call on the hub's loop; counts
// itself in Shared::connections, where the acceptor has already added one.
void serve(Hub& hub, Socket socket, TlsContext* tls);

}  // namespace kith
