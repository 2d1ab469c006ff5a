#pragma once

// The processes of one role as a caller sees them: whom to ask next, and the lines to them. Any thread, but each loop
// for itself.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/breaker.h"
#include "ports/rpc/grpc/grpc.h"
#include "ports/rpc/grpc/line.h"

namespace kith {

class GrpcPeers : public std::enable_shared_from_this<GrpcPeers> {
 public:
  struct Peer;
  using PeerPtr = std::shared_ptr<Peer>;
  struct Choice {
    PeerPtr peer;                    // null: there is nobody to ask now
    std::shared_ptr<GrpcLine> line;  // null: it was away a moment ago
  };

  // Throws Error{invalid} for an address that is none, and for one of a network without identities.
  static std::shared_ptr<GrpcPeers> make(GrpcChannel::Settings settings);
  ~GrpcPeers();

  using Executors = std::span<boost::asio::any_io_executor const>;
  // In turn, those first that are connected and not leaving; none of those `tried`. Of the channel's loops, `loop` is
  // the one that this is called on.
  Choice choose(std::size_t loop, Executors loops, std::span<PeerPtr const> tried);
  void answered(Peer& peer);
  // It gave no answer in time, or the line broke.
  void lost(Peer& peer);
  // It is about to stop, or has too much to do.
  void turned_away(Peer& peer);

  // What the names among the addresses stand for, when that is not known, or not looked at for a while.
  Task<void> look_up();

  // How often a call that surely did not run is begun at most.
  std::size_t attempts() const;
  // Between two attempts at the same peer.
  std::chrono::milliseconds pause();
  std::size_t size();
  bool has_names() const { return !names_.empty(); }

  // Ends the lines and waits until they have; no others are opened.
  void close();
  bool is_closed();

 private:
  struct AtLoop;

  explicit GrpcPeers(GrpcChannel::Settings settings);

  void take(std::string const& address, std::vector<GrpcLine::Endpoint> const& found);
  std::shared_ptr<GrpcLine> open(Peer const& peer, std::shared_ptr<Identity const> const& identity,
                                 boost::asio::any_io_executor const& executor);
  std::shared_ptr<GrpcLine> line_of(Peer& peer, std::size_t loop, Executors loops, Breaker::Instant now);
  bool fits(Peer& peer, std::size_t loop, GrpcLine const* line, int round, Breaker::Instant now);

  GrpcChannel::Settings const settings_;
  std::mutex mutex_;
  std::condition_variable fewer_lines_;
  std::vector<std::string> names_;  // addresses that are to be looked up
  std::vector<PeerPtr> peers_;
  Breaker::Instant looked_up_{};
  bool looking_up_ = false;
  std::size_t turn_ = 0;
  Breaker dice_;
  std::uint64_t opened_ = 0;
  std::map<std::uint64_t, std::weak_ptr<GrpcLine>> lines_;
  bool closed_ = false;
  std::shared_ptr<Identity const> identity_;
  std::shared_ptr<ByteStream::TlsContext> tls_;  // of that identity
};

}  // namespace kith
