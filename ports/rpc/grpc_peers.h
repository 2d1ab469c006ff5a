#pragma once

// The processes of one role as a caller sees them: whom to ask next. Included by grpc_channel.cc alone.

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/breaker.h"
#include "ports/rpc/grpc.h"

namespace kith {

class GrpcPeers {
 public:
  struct Line {
    explicit Line(std::shared_ptr<grpc::Channel> opened) : channel(std::move(opened)), stub(channel) {}
    std::shared_ptr<grpc::Channel> channel;
    grpc::GenericStub stub;
  };
  struct Choice {
    std::size_t peer = 0;
    std::shared_ptr<Line> line;  // null: there is nobody to ask now
  };

  explicit GrpcPeers(GrpcChannel::Settings settings);

  // In turn, those first that are connected and not leaving; none of those `tried`.
  Choice choose(std::span<std::size_t const> tried);
  void answered(std::size_t peer);
  // It gave no answer in time, or the line broke.
  void lost(std::size_t peer);
  // It is about to stop, or has too much to do.
  void turned_away(std::size_t peer);

  // How often a call that surely did not run is begun at most.
  std::size_t attempts() const;
  // Between two attempts at the same peer, whose name may stand for several processes.
  std::chrono::milliseconds pause();
  std::size_t size() const { return peers_.size(); }

 private:
  struct Peer {
    std::string address;
    std::shared_ptr<Line> line;
    std::shared_ptr<Line> next;  // with a newer identity; taken when it is connected
    std::shared_ptr<Identity const> identity;
    Breaker breaker;
    Breaker::Instant left_out_until = {};
  };
  std::shared_ptr<Line> connect(std::string const& address, std::shared_ptr<Identity const> const& identity) const;
  void renew();
  bool fits(Peer& peer, int round, Breaker::Instant now) const;

  GrpcChannel::Settings const settings_;
  std::mutex mutex_;
  std::vector<Peer> peers_;
  std::size_t turn_ = 0;
};

}  // namespace kith
