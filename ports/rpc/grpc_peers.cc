#include "ports/rpc/grpc_peers.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>

#include <algorithm>

#include "base/check.h"
#include "ports/rpc/address.h"
#include "ports/rpc/grpc_credentials.h"
#include "ports/rpc/socket_folder.h"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t attempts_max = 3;
// Longer than a process that stops goes on to answer; then its line is closed, and that is known at once.
constexpr auto left_out = std::chrono::seconds{1};
constexpr Breaker::Pause pause_max{20};

// gRPC's thread still lets go of a call after it has told us of its end. If the last channel ends
// meanwhile, the library shuts down under that thread and aborts; so it stays as long as the process.
void keep_library() {
  static bool const kept = (grpc_init(), true);
  static_cast<void>(kept);
}

grpc::ChannelArguments common_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(static_cast<int>(rpc_bytes_max));
  arguments.SetMaxReceiveMessageSize(static_cast<int>(rpc_bytes_max));
  // Ask often whether the other end is back.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  // The least backoff is also how long an attempt may take, and a busy machine takes its time.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  // gRPC itself begins again only what the other end, which stops, surely never saw.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

}  // namespace

GrpcPeers::GrpcPeers(GrpcChannel::Settings settings) : settings_(std::move(settings)) {
  keep_library();
  check(!settings_.addresses.empty(), "somebody is called");
  auto const identity = settings_.identities ? settings_.identities->now() : nullptr;
  for (std::string const& address : settings_.addresses) {
    peers_.push_back({.address = address, .line = connect(address, identity), .identity = identity});
    // With several the first call should find out which are there; one is connected by it.
    if (settings_.addresses.size() > 1) peers_.back().line->channel->GetState(true);
  }
}

std::shared_ptr<GrpcPeers::Line> GrpcPeers::connect(std::string const& address,
                                                    std::shared_ptr<Identity const> const& identity) const {
  grpc::ChannelArguments arguments = common_arguments();
  if (!is_tcp(address))
    return std::make_shared<Line>(
        grpc::CreateCustomChannel("unix:" + private_socket(address), grpc::InsecureChannelCredentials(), arguments));
  std::string const place = tcp_place(address);
  if (!identity) throw Error{Code::invalid, tls_missing(address)};
  // Whatever its address: the certificate must say that it is who is called.
  arguments.SetSslTargetNameOverride(settings_.name);
  // A host that is gone says nothing; one that has much to do still answers this.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  // A name may stand for several processes.
  arguments.SetLoadBalancingPolicyName("round_robin");
  return std::make_shared<Line>(grpc::CreateCustomChannel(place, channel_credentials(*identity), arguments));
}

void GrpcPeers::renew() {
  if (!settings_.identities) return;
  auto const now = settings_.identities->now();
  for (Peer& peer : peers_) {
    if (!is_tcp(peer.address)) continue;
    if (peer.identity != now) {
      peer.next = connect(peer.address, now);
      peer.identity = now;
    }
    if (!peer.next || peer.next->channel->GetState(true) != GRPC_CHANNEL_READY) continue;
    peer.line = std::move(peer.next);  // calls that are under way hold the old one until they end
    peer.next = nullptr;
  }
}

bool GrpcPeers::fits(Peer& peer, int round, Breaker::Instant now) const {
  if (round < 2 && peer.left_out_until > now) return false;
  if (round < 1 && peer.line->channel->GetState(true) != GRPC_CHANNEL_READY) return false;
  return peer.breaker.allows(now);
}

GrpcPeers::Choice GrpcPeers::choose(std::span<std::size_t const> tried) {
  auto const now = Clock::now();
  std::lock_guard const lock(mutex_);
  renew();
  std::size_t const first = turn_++;
  // One alone is not asked whether it is connected: the call will tell.
  for (int round = peers_.size() > 1 ? 0 : 2; round < 3; ++round)
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      std::size_t const at = (first + i) % peers_.size();
      if (std::ranges::find(tried, at) != tried.end()) continue;
      if (fits(peers_[at], round, now)) return {at, peers_[at].line};
    }
  return {};
}

void GrpcPeers::answered(std::size_t peer) {
  std::lock_guard const lock(mutex_);
  peers_[peer].breaker.succeeded();
}
void GrpcPeers::lost(std::size_t peer) {
  std::lock_guard const lock(mutex_);
  peers_[peer].breaker.failed(Clock::now());
}
void GrpcPeers::turned_away(std::size_t peer) {
  std::lock_guard const lock(mutex_);
  peers_[peer].left_out_until = Clock::now() + left_out;
}

std::size_t GrpcPeers::attempts() const {
  return peers_.size() == 1 && !is_tcp(peers_.front().address) ? 1 : attempts_max;
}

std::chrono::milliseconds GrpcPeers::pause() {
  std::lock_guard const lock(mutex_);
  return peers_.front().breaker.jittered(pause_max);
}

}  // namespace kith
