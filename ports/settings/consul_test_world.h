#pragma once

// For tests: a real Consul of this program's own.

#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "ports/settings/consul_http.h"
#include "ports/table/contract_server.h"

namespace kith::contract {

inline bool consul_is_here() {
  bool const here = engine_is_tried({KITH_CONSUL_PROGRAM});
  if (!here) std::puts("Consul is not built, so it is not tried here: ./dev engines up consul");
  return here;
}

// Started by the first who asks.
inline OwnServer& own_consul() {
  static OwnServer server("consul");
  return server;
}

inline ConsulPlace consul_place() {
  return {.server = own_consul().said("CONSUL"),
          .token_file = own_consul().said("CONSUL_TOKEN_FILE"),
          .deadline = std::chrono::seconds{30}};  // on a busy machine, too
}

// Changes what lies there in one go: a text, or nothing to erase it.
void change_consul(std::map<std::string, std::optional<std::string>> const& keys);

}  // namespace kith::contract
