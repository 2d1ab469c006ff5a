#include "app/gateway.h"

#include <optional>

#include "app/address.h"
#include "app/memory.h"
#include "app/version.h"
#include "gateway/http/edge.h"
#include "gateway/http/limits.h"
#include "gateway/http/operations.h"
#include "gateway/http/server.h"
#include "gateway/hydrate/hydrate.h"
#include "gateway/pages/community.h"
#include "gateway/pages/public.h"
#include "services/auth/api.h"
#include "services/graph/api.h"
#include "services/notifications/api.h"
#include "services/posts/api.h"
#include "services/reactions/api.h"
#include "services/search/api.h"
#include "services/timeline/api.h"
#include "services/users/api.h"

namespace kith {
namespace {

EdgeSettings edge_settings(Settings const& settings) {
  EdgeSettings edge{.base_url = settings.base_url, .rate_limits = settings.rate_limits};
  for (auto const& proxy : settings.trusted_proxies) {
    auto const range = parse_range(proxy);
    if (!range) throw Error{Code::invalid, "trusted_proxies: " + proxy + " is no address or range such as 10.0.0.0/8"};
    edge.trusted_proxies.push_back(*range);
  }
  edge.deadline = settings.request_deadline;
  edge.trace_incoming = settings.trace_incoming;
  switch (settings.request_log) {
    case RequestLog::off: edge.access_log = AccessLog::off; break;
    case RequestLog::failures: edge.access_log = AccessLog::failures; break;
    case RequestLog::sampled: edge.access_log = AccessLog::sampled; break;
    case RequestLog::all: edge.access_log = AccessLog::all; break;
  }
  return edge;
}

// A refusal that the deadline brings about comes within this.
constexpr Duration unanswered_after = std::chrono::seconds{5};

ServerSettings server_settings(Settings const& settings, bool tls) {
  ServerSettings server{.listen = tls ? settings.tls_listen : settings.listen};
  if (tls) {
    server.certificate = settings.tls_certificate;
    server.key = settings.tls_key;
  }
  server.connections_max = settings.connections_max;
  server.in_flight_max = settings.requests_in_flight_max;
  server.bodies_max = settings.request_bodies_max;
  server.answer = settings.request_deadline + unanswered_after;
  return server;
}

CommunityPages community_of(Settings const& settings) {
  CommunityPages community{.base_url = base_url_of(settings), .version = std::string(version)};
  community.name = settings.community_name;
  community.description = settings.community_description;
  community.contact_email = settings.community_contact_email;
  community.contact_account = settings.community_contact_account;
  community.rules = settings.community_rules;
  community.languages = settings.community_languages;
  community.sign_up_open = settings.sign_up != SignUp::closed;
  community.approval = settings.sign_up == SignUp::approval;
  community.closed_message = settings.sign_up_closed_message;
  community.characters_max = settings.post_characters_max;
  community.source_url = settings.source_url;
  return community;
}

auth::AuthPages joining_of(Settings const& settings) {
  return {settings.community_name, base_url_of(settings), settings.sign_up != SignUp::closed,
          settings.sign_up == SignUp::approval};
}

std::unique_ptr<RateCounter> counter_of(Cache* shared) {
  if (shared == nullptr) return std::make_unique<LocalRateCounter>();
  return std::make_unique<SharedRateCounter>(*shared);
}

}  // namespace

struct Gateway::Parts {
  Parts(Needs given, Settings const& settings)
      : needs(std::move(given)),
        stop_within(settings.stop_within),
        community(community_of(settings)),
        joining(joining_of(settings)),
        hydrator({needs.services.pages, needs.services.posts, needs.services.users, needs.services.auth,
                  base_url_of(settings), cache_memory(settings) / 4}),
        counter(counter_of(needs.shared_cache)),
        edge(routed(settings), edge_settings(settings)) {
    if (!settings.listen.empty()) plain.emplace(edge, needs.metrics, server_settings(settings, false));
    if (!settings.tls_listen.empty()) tls.emplace(edge, needs.metrics, server_settings(settings, true));
  }

  // Every route there is; the edge counts by route, so they come first.
  Edge::Needs routed(Settings const& settings) {
    Services& services = needs.services;
    auth::auth_api(router, services.auth, services.users, joining);
    users::users_api(router, services.users, services.graph, services.pages, hydrator);
    graph::graph_api(router, services.graph, services.users, hydrator, needs.clock);
    posts::posts_api(router, services.posts, hydrator);
    reactions::reactions_api(router, services.reactions, hydrator);
    timeline::timeline_api(router, services.timeline, hydrator);
    notifications::notifications_api(router, services.notifications, services.users, hydrator);
    search::search_api(router, {services.search, services.timeline, services.users, hydrator});
    community_api(router, community, services.users, services.posts, hydrator);
    public_pages(
        router, {settings.community_name, services.users, services.posts, services.pages, services.timeline, hydrator});
    operations_api(router, {needs.metrics, std::string(version), needs.not_ready, settings.metrics, needs.degraded});
    return {.router = router,
            .check = [&services](std::string token) { return auth::check_token(services.auth, std::move(token)); },
            .counter = *counter,
            .metrics = needs.metrics,
            .check_waits = !has_role(settings, "auth") || settings.engines_strict != StrictEngine::embedded,
            .now = [this] { return needs.clock.now(); },
            .tracer = needs.tracer};
  }

  Needs needs;
  Duration stop_within;
  Live<CommunityPages> community;
  Live<auth::AuthPages> joining;
  Hydrator hydrator;
  Router router;
  std::unique_ptr<RateCounter> counter;
  Edge edge;
  std::optional<Server> plain;
  std::optional<Server> tls;
};

Gateway::Gateway(Needs needs, Settings const& settings) : parts_(std::make_unique<Parts>(std::move(needs), settings)) {}
Gateway::~Gateway() = default;

void Gateway::start(Loops& loops) {
  if (parts_->plain) parts_->plain->start(loops);
  if (parts_->tls) parts_->tls->start(loops);
}

void Gateway::change(Settings const& settings) {
  parts_->edge.change(edge_settings(settings));
  parts_->community.set(community_of(settings));
  parts_->joining.set(joining_of(settings));
}

void Gateway::drain() {
  if (parts_->plain) parts_->plain->drain();
  if (parts_->tls) parts_->tls->drain();
}

bool Gateway::stop() {
  bool clean = true;
  if (parts_->plain) clean = parts_->plain->stop(parts_->stop_within);
  if (parts_->tls) clean = parts_->tls->stop(parts_->stop_within) && clean;
  return clean;
}

Router const& Gateway::router() const { return parts_->router; }

}  // namespace kith
