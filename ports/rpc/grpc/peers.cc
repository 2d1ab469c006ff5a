#include "ports/rpc/grpc/peers.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/into.h"
#include "ports/rpc/address.h"
#include "ports/rpc/grpc/tls.h"
#include "ports/rpc/socket_folder.h"

namespace kith {
namespace {

using Clock = std::chrono::steady_clock;
using boost::asio::ip::tcp;

constexpr std::size_t attempts_max = 3;
// Longer than a process that stops goes on to answer; then its line is closed, and that is known at once.
constexpr auto left_out = std::chrono::seconds{1};
constexpr Breaker::Pause pause_max{20};
// Between two tries to connect: whether the other end is back is asked often.
constexpr Breaker::Pause reconnect_max{100};
// Names may come to stand for other processes at any time.
constexpr auto look_up_every = std::chrono::seconds{5};

std::optional<GrpcLine::Endpoint> endpoint_of(std::string const& address) {
  if (!is_tcp(address)) return boost::asio::local::stream_protocol::endpoint(private_socket(address));
  auto const [host, port] = tcp_parts(address);
  boost::system::error_code is_name;
  auto const ip = boost::asio::ip::make_address(host, is_name);
  if (is_name) return std::nullopt;
  return tcp::endpoint(ip, static_cast<std::uint16_t>(std::stoul(port)));
}

bool is_network(std::string const& address) { return is_tcp(address) || !discovered_service(address).empty(); }

// Waits for whoever knows names.
std::vector<GrpcLine::Endpoint> endpoints_of(std::string const& place) {
  if (auto const endpoint = endpoint_of(place)) return {*endpoint};
  auto const [host, port] = tcp_parts(place);
  boost::asio::io_context loop;
  tcp::resolver resolver(loop);
  boost::system::error_code failure;
  std::vector<GrpcLine::Endpoint> endpoints;
  for (auto const& entry : resolver.resolve(host, port, failure)) endpoints.emplace_back(entry.endpoint());
  return endpoints;
}

}  // namespace

struct GrpcPeers::AtLoop {
  std::weak_ptr<GrpcLine> line;
  std::weak_ptr<GrpcLine> next;  // with a newer identity; taken when it is connected
  std::shared_ptr<Identity const> identity;
  std::shared_ptr<Identity const> next_identity;
  Breaker::Instant again{};  // not before
  bool untried = false;      // no call was given to this line yet
};

struct GrpcPeers::Peer {
  std::string address;
  bool network = false;  // under TLS
  GrpcLine::Endpoint endpoint;
  Breaker breaker = {};
  Breaker::Instant left_out_until = {};
  std::vector<AtLoop> loops = {};
};

GrpcPeers::GrpcPeers(GrpcChannel::Settings settings) : settings_(std::move(settings)) {
  check(!settings_.addresses.empty(), "somebody is called");
  for (std::string const& address : settings_.addresses) {
    if (is_network(address) && !settings_.identities) throw Error{Code::invalid, tls_missing(address)};
    if (!discovered_service(address).empty()) continue;
    if (auto const endpoint = endpoint_of(address))
      peers_.push_back(
          std::make_shared<Peer>(Peer{.address = address, .network = is_network(address), .endpoint = *endpoint}));
    else
      names_.push_back(address);
  }
}

std::shared_ptr<GrpcPeers> GrpcPeers::make(GrpcChannel::Settings settings) {
  std::shared_ptr<GrpcPeers> peers(new GrpcPeers(std::move(settings)));
  for (std::string const& address : peers->settings_.addresses) {
    auto const service = discovered_service(address);
    if (service.empty()) continue;
    check(peers->settings_.discovery != nullptr, "somebody knows where services are");
    peers->settings_.discovery->watch(
        std::string(service), [weak = peers->weak_from_this(), address](std::vector<std::string> const& places) {
          std::vector<GrpcLine::Endpoint> found;
          for (std::string const& place : places)
            for (auto const& endpoint : endpoints_of(place)) found.push_back(endpoint);
          if (auto const told = weak.lock()) told->take(address, found);
        });
  }
  return peers;
}

GrpcPeers::~GrpcPeers() = default;

Task<void> GrpcPeers::look_up() {
  auto const self = shared_from_this();
  {
    std::lock_guard const lock(mutex_);
    if (names_.empty() || looking_up_ || (Clock::now() < looked_up_ + look_up_every && !peers_.empty())) co_return;
    looking_up_ = true;
  }
  // However it ends: who asks may be cut off meanwhile, and others want to know as well.
  struct LookingUp {
    GrpcPeers& me;
    ~LookingUp() {
      std::lock_guard const lock(me.mutex_);
      me.looking_up_ = false;
      me.looked_up_ = Clock::now();
    }
  } const looking_up{*this};
  tcp::resolver resolver(co_await boost::asio::this_coro::executor);
  for (std::string const& address : names_) {
    auto const [host, port] = tcp_parts(address);
    boost::system::error_code failure;
    auto const found = co_await resolver.async_resolve(host, port, into(failure));
    // While names cannot be looked up, they stand for what they stood for.
    if (failure) continue;
    std::vector<GrpcLine::Endpoint> endpoints;
    for (auto const& entry : found) endpoints.emplace_back(entry.endpoint());
    take(address, endpoints);
  }
}

void GrpcPeers::take(std::string const& address, std::vector<GrpcLine::Endpoint> const& found) {
  std::lock_guard const lock(mutex_);
  std::erase_if(peers_, [&](PeerPtr const& peer) {
    if (peer->address != address || std::ranges::find(found, peer->endpoint) != found.end()) return false;
    for (AtLoop const& at : peer->loops)
      for (auto const& weak : {at.line, at.next})
        if (auto line = weak.lock()) GrpcLine::soon(std::move(line), &GrpcLine::leave);
    return true;
  });
  for (GrpcLine::Endpoint const& endpoint : found)
    if (std::ranges::find(peers_, endpoint, [](PeerPtr const& peer) { return peer->endpoint; }) == peers_.end())
      peers_.push_back(
          std::make_shared<Peer>(Peer{.address = address, .network = is_network(address), .endpoint = endpoint}));
}

std::shared_ptr<GrpcLine> GrpcPeers::open(Peer const& peer, std::shared_ptr<Identity const> const& identity,
                                          boost::asio::any_io_executor const& executor) {
  GrpcLine::Way way{.to = peer.endpoint};
  if (peer.network) {
    if (!tls_ || identity_ != identity) {
      tls_ = client_tls(*identity);
      identity_ = identity;
    }
    way.tls = tls_;
    way.name = settings_.name;
  }
  auto const number = ++opened_;
  auto line = GrpcLine::open(executor, std::move(way), [self = shared_from_this(), number] {
    std::lock_guard const lock(self->mutex_);
    self->lines_.erase(number);
    self->fewer_lines_.notify_all();
  });
  lines_.emplace(number, line);
  return line;
}

// The line that this loop has to it; one is opened if there is none, and another one, to be taken later, when our
// certificate has changed. With the first also those of the other loops: the other end gives what comes in one after
// the other to its loops in turn, so calls are spread over all of them.
std::shared_ptr<GrpcLine> GrpcPeers::line_of(Peer& peer, std::size_t loop, Executors loops, Breaker::Instant now) {
  if (peer.loops.size() < loops.size()) peer.loops.resize(loops.size());
  AtLoop& at = peer.loops[loop];
  auto line = at.line.lock();
  auto const identity = peer.network ? settings_.identities->now() : nullptr;
  if (!line || (!line->is_ready() && !line->is_connecting())) {
    if (now < at.again) return nullptr;
    for (std::size_t i = 0; i < loops.size(); ++i) {
      AtLoop& each = peer.loops[i];
      if (i != loop && (!each.line.expired() || now < each.again)) continue;
      each.again = now + peer.breaker.jittered(reconnect_max);
      each.identity = identity;
      auto opened = open(peer, identity, loops[i]);
      each.line = opened;
      each.untried = true;
      if (i == loop) line = std::move(opened);
    }
  } else if (at.identity != identity && line->is_ready()) {
    auto next = at.next.lock();
    if (next && next->is_ready()) {
      line->leave();
      at.identity = at.next_identity;
      at.line = at.next;
      line = std::move(next);
    } else if ((!next || !next->is_connecting() || at.next_identity != identity) && now >= at.again) {
      at.again = now + peer.breaker.jittered(reconnect_max);
      at.next_identity = identity;
      at.next = open(peer, identity, loops[loop]);
    }
  }
  return line;
}

bool GrpcPeers::fits(Peer& peer, std::size_t loop, GrpcLine const* line, int round, Breaker::Instant now) {
  if (round < 2 && peer.left_out_until > now) return false;
  if (round < 1 && (line == nullptr || !line->is_ready())) return false;
  // What was lost, was lost on lines before this one: it may lead to a process that has just begun.
  return std::exchange(peer.loops[loop].untried, false) || peer.breaker.allows(now);
}

GrpcPeers::Choice GrpcPeers::choose(std::size_t loop, Executors loops, std::span<PeerPtr const> tried) {
  auto const now = Clock::now();
  std::lock_guard const lock(mutex_);
  if (closed_) return {};
  std::size_t const first = turn_++;
  // One alone is not asked whether it is connected: the call will tell.
  for (int round = peers_.size() > 1 ? 0 : 2; round < 3; ++round)
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      PeerPtr const& peer = peers_[(first + i) % peers_.size()];
      if (std::ranges::find(tried, peer) != tried.end()) continue;
      auto line = line_of(*peer, loop, loops, now);
      if (fits(*peer, loop, line.get(), round, now)) return {peer, std::move(line)};
    }
  return {};
}

void GrpcPeers::answered(Peer& peer) {
  std::lock_guard const lock(mutex_);
  peer.breaker.succeeded();
}
void GrpcPeers::lost(Peer& peer) {
  std::lock_guard const lock(mutex_);
  peer.breaker.failed(Clock::now());
}
void GrpcPeers::turned_away(Peer& peer) {
  std::lock_guard const lock(mutex_);
  peer.left_out_until = Clock::now() + left_out;
}

std::size_t GrpcPeers::attempts() const {
  return settings_.addresses.size() == 1 && !is_network(settings_.addresses.front()) ? 1 : attempts_max;
}

std::chrono::milliseconds GrpcPeers::pause() {
  std::lock_guard const lock(mutex_);
  return dice_.jittered(pause_max);
}

std::size_t GrpcPeers::size() {
  std::lock_guard const lock(mutex_);
  return peers_.size();
}

bool GrpcPeers::is_closed() {
  std::lock_guard const lock(mutex_);
  return closed_;
}

void GrpcPeers::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  for (auto const& [number, weak] : lines_)
    if (auto line = weak.lock()) GrpcLine::soon(std::move(line), &GrpcLine::give_up);
  fewer_lines_.wait(lock, [this] { return lines_.empty(); });
}

}  // namespace kith
