#pragma once

// Sockets in, answers out: HTTP/1.1 and 1.0 with keep-alive and pipelining, TLS when given a
// certificate. One acceptor hands connections to the loops in turn; a connection lives on one loop.
// Whatever a client can make grow has a limit here, and every wait for a client ends.
//
//   Edge edge(...);
//   Server server(edge, metrics, settings);
//   Loops loops(2);             // after the server: its coroutines end first
//   server.start(loops);        // listens, or throws one sentence why not
//   ... server.stop(30 s);      // no new connection, running requests are answered

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/loops.h"
#include "base/time.h"
#include "gateway/http/edge.h"

namespace kith {

struct ServerSettings {
  std::vector<std::string> listen = {"127.0.0.1:8080"};  // HOST:PORT, [::1]:PORT, :PORT for every address
  std::string certificate = {};                          // PEM files; both or none; may be replaced while serving
  std::string key = {};

  std::size_t connections_max = 10'000;             // some 6 KiB each when idle
  std::size_t in_flight_max = 2'000;                // beyond, 503 at once is kinder than an answer too late
  std::size_t bodies_max = std::size_t{256} << 20;  // bytes of all bodies being received or answered

  // A person's browser comes back within a minute; a head comes in one packet; a phone on a bad
  // line still sends 4 KiB a second.
  Duration idle = std::chrono::seconds{75};
  Duration head = std::chrono::seconds{10};
  Duration transfer = std::chrono::seconds{20};  // begin of a body or an answer, and then by rate
  std::size_t bytes_per_second_least = 4'096;
  // Whatever a handler asks others has the deadline of EdgeSettings; who is not done some time after that is cut off.
  Duration answer = std::chrono::seconds{20};
  Duration tick = std::chrono::seconds{1};  // how exactly these are kept, and when files are looked at
};

class Server {
 public:
  Server(Edge& edge, Metrics& metrics, ServerSettings settings);
  ~Server();

  void start(Loops& loops);
  // The port of the first address: what the system chose when it was asked for port 0.
  std::uint16_t port() const;

  // Still takes connections, and closes each with its next answer, so that clients come again elsewhere.
  void drain();
  // Once: takes no new connection and waits for the running requests. False when some had to be cut off.
  // Afterwards the server may end before its loops; without it, the loops must end first. Not from
  // a loop.
  bool stop(Duration grace);
  bool stopping() const;
  std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kith
