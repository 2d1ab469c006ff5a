#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "base/base64.h"
#include "ports/settings/consul_test_world.h"

namespace kith::contract {

void change_consul(std::map<std::string, std::optional<std::string>> const& keys) {
  boost::json::array operations;
  for (auto const& [key, text] : keys) {
    boost::json::object operation{{"Verb", text ? "set" : "delete"}, {"Key", key}};
    if (text) operation["Value"] = to_base64(*text);
    operations.push_back({{"KV", operation}});
  }
  ConsulHttp http(consul_place());
  auto const answer = http.put("/v1/txn", boost::json::serialize(operations));
  if (!answer || answer->status != 200) throw std::runtime_error("Consul took no transaction");
}

}  // namespace kith::contract
