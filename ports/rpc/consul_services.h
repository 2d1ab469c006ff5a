#pragma once

// Services in Consul's catalogue: found by its health API, registered with the agent of this machine.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ports/rpc/discovery.h"
#include "ports/settings/consul_http.h"

namespace kith {

class ConsulDiscovery final : public Discovery {
 public:
  explicit ConsulDiscovery(ConsulPlace place);
  ~ConsulDiscovery() override;

  void watch(std::string service, Told told) override;

 private:
  struct Watch;
  ConsulPlace const place_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

// Says that this process does something, and that it is well, until it ends. Who ends without a word is left out after
// `silent_max`.
class ConsulRegistration {
 public:
  struct Settings {
    ConsulPlace place;
    std::vector<std::string> services;  // "kith-social"
    std::string address;                // "tcp:HOST:PORT"; a HOST that stands for any is the agent's
    std::chrono::seconds silent_max{10};
  };
  explicit ConsulRegistration(Settings settings);
  // Takes it back.
  ~ConsulRegistration();

 private:
  std::string id_of(std::string const& service) const;
  bool put(std::string const& path, std::string const& body = {});
  void keep();

  Settings const settings_;
  std::string host_, port_;
  ConsulHttp http_;
  bool said_ = false;  // that Consul cannot be asked
  std::thread thread_;
};

// The addresses in an answer to a question for healthy services. Throws Error{unavailable} when it is none.
std::vector<std::string> consul_addresses(std::string_view json);

}  // namespace kith
