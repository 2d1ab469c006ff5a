#include "ports/rpc/consul_services.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "base/breaker.h"
#include "base/log.h"
#include "ports/rpc/address.h"

namespace kith {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// A question is answered after so long if nothing changes; Consul itself adds up to a sixteenth of it.
constexpr milliseconds wait_most{55'000};
constexpr milliseconds pause_after_failure{2'000};
// What flaps many times a second is followed some times a second.
constexpr milliseconds pause_between{100};

Error not_understood() {
  return {Code::unavailable, "What Consul answers is not understood: is consul_server its address?"};
}

json::value const& member(json::value const& of, char const* name) {
  auto const* const object = of.if_object();
  auto const* const found = object == nullptr ? nullptr : object->if_contains(name);
  if (found == nullptr) throw not_understood();
  return *found;
}

std::string text(json::value const& value) {
  if (!value.is_string()) throw not_understood();
  return std::string(value.get_string());
}

std::string place_of(std::string const& host, std::int64_t port) {
  bool const ip6 = host.find(':') != std::string::npos;
  return "tcp:" + (ip6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

bool stands_for_any(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

}  // namespace

std::vector<std::string> consul_addresses(std::string_view said) {
  json::error_code failure;
  auto const parsed = json::parse({said.data(), said.size()}, failure);
  if (failure || !parsed.is_array()) throw not_understood();
  std::vector<std::string> addresses;
  for (auto const& entry : parsed.get_array()) {
    auto const& service = member(entry, "Service");
    auto const& port = member(service, "Port");
    if (!port.is_int64()) throw not_understood();
    std::string host = text(member(service, "Address"));
    if (host.empty()) host = text(member(member(entry, "Node"), "Address"));
    addresses.push_back(place_of(host, port.get_int64()));
  }
  std::ranges::sort(addresses);
  return addresses;
}

struct ConsulDiscovery::Watch {
  Watch(ConsulPlace place, std::string service, Told told)
      : http(std::move(place)), path("/v1/health/service/" + service + "?passing=true"), told(std::move(told)) {
    thread = std::thread([this] { run(); });
  }
  ~Watch() {
    http.stop();
    thread.join();
  }

  // False: stopped.
  bool ask() {
    std::string question = path;
    if (index > 0) question += "&index=" + std::to_string(index) + "&wait=" + std::to_string(wait_most.count()) + "ms";
    auto const before = std::exchange(index, 0);  // unless this succeeds
    auto const answer = http.get(question, before > 0 ? wait_most + wait_most / 16 : milliseconds{});
    if (!answer) return false;
    auto addresses = answer->status == 404 ? std::vector<std::string>() : consul_addresses(answer->body);
    // It counts anew when the store was restored, and then nothing may be missed.
    index = answer->index < before ? 0 : std::max<std::uint64_t>(answer->index, 1);
    if (known != addresses) told(*(known = std::move(addresses)));
    return true;
  }
  void run() {
    Breaker dice;
    bool failed = false;
    for (;;) {
      try {
        if (!ask() || !http.pause(dice.jittered(pause_between))) return;
        failed = false;
      } catch (Error const& error) {
        if (!std::exchange(failed, true))
          log(LogLevel::warn, "processes of other roles cannot be looked up: those known last are asked",
              {{"trouble", error.say}});
        if (!http.pause(dice.jittered(pause_after_failure))) return;
      }
    }
  }

  ConsulHttp http;
  std::string const path;
  Told const told;
  std::uint64_t index = 0;  // 0: what is there is not known
  std::optional<std::vector<std::string>> known;
  std::thread thread;
};

ConsulDiscovery::ConsulDiscovery(ConsulPlace place) : place_(std::move(place)) {}
ConsulDiscovery::~ConsulDiscovery() = default;

void ConsulDiscovery::watch(std::string service, Told told) {
  watches_.push_back(std::make_unique<Watch>(place_, std::move(service), std::move(told)));
}

ConsulRegistration::ConsulRegistration(Settings settings) : settings_(std::move(settings)), http_(settings_.place) {
  std::tie(host_, port_) = tcp_parts(settings_.address);
  thread_ = std::thread([this] { keep(); });
}

ConsulRegistration::~ConsulRegistration() {
  http_.stop();
  thread_.join();
  ConsulHttp last(settings_.place);
  for (std::string const& service : settings_.services) {
    try {
      last.put("/v1/agent/service/deregister/" + id_of(service), {});
    } catch (Error const&) {
      // It is left out when it has said nothing for a while.
    }
  }
}

// Two processes cannot answer at one place.
std::string ConsulRegistration::id_of(std::string const& service) const {
  std::string id = service + '-' + host_ + '-' + port_;
  std::ranges::replace(id, ':', '.');
  return id;
}

// False: stopped.
bool ConsulRegistration::put(std::string const& path, std::string const& body) {
  auto const answer = http_.put(path, body);
  if (answer && answer->status == 404) throw Error{Code::unavailable, "Consul does not know this process any more"};
  return answer.has_value();
}

void ConsulRegistration::keep() {
  bool registered = false;
  for (;;) {
    try {
      for (std::string const& service : settings_.services) {
        json::object check{{"TTL", std::to_string(settings_.silent_max.count()) + "s"},
                           {"Status", "passing"},
                           {"DeregisterCriticalServiceAfter", "10m"}};
        json::object said{{"ID", id_of(service)}, {"Name", service}, {"Port", std::stoi(port_)}, {"Check", check}};
        if (!stands_for_any(host_)) said.emplace("Address", host_);
        if (!registered && !put("/v1/agent/service/register", json::serialize(said))) return;
        if (registered && !put("/v1/agent/check/pass/service:" + id_of(service))) return;
      }
      registered = true;
      said_ = false;
    } catch (Error const& error) {
      registered = false;  // its agent may have forgotten it
      if (!std::exchange(said_, true))
        log(LogLevel::warn, "this process cannot be registered: others do not find it", {{"trouble", error.say}});
    }
    if (!http_.pause(milliseconds(settings_.silent_max) / (registered ? 3 : 10))) return;
  }
}

}  // namespace kith
