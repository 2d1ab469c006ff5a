#include "app/operations_server.h"

#include "gateway/http/edge.h"
#include "gateway/http/server.h"

namespace kith {
namespace {

// A scrape takes milliseconds; nobody else asks here.
constexpr Duration stop_within = std::chrono::seconds{2};
constexpr std::size_t connections_max = 100;

Task<TokenFacts> nobody(std::string) { co_return TokenFacts{}; }

}  // namespace

struct OperationsServer::Parts {
  Parts(OperationsNeeds needs, Clock& clock, Settings const& settings)
      : metrics(needs.metrics),
        clock(clock),
        edge(routed(std::move(needs)), EdgeSettings{.rate_limits = false}),
        server(edge, metrics,
               ServerSettings{.listen = settings.operations_listen, .connections_max = connections_max}) {}

  Edge::Needs routed(OperationsNeeds needs) {
    operations_api(router, std::move(needs));
    return {.router = router, .check = nobody, .counter = counter, .metrics = metrics, .now = [this] {
              return clock.now();
            }};
  }

  Metrics& metrics;
  Clock& clock;
  Router router;
  LocalRateCounter counter;
  Edge edge;
  Server server;
};

OperationsServer::OperationsServer(OperationsNeeds needs, Clock& clock, Settings const& settings)
    : parts_(std::make_unique<Parts>(std::move(needs), clock, settings)) {}
OperationsServer::~OperationsServer() = default;

void OperationsServer::start(Loops& loops) { parts_->server.start(loops); }
void OperationsServer::stop() { parts_->server.stop(stop_within); }

}  // namespace kith
