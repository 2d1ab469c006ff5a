#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "ports/settings/consul_test_world.h"

namespace kith::contract {
namespace {

std::string to_base64(std::string const& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) out += at + i > bytes.size() ? '=' : digits[bits >> (18 - 6 * i) & 63];
  }
  return out;
}

}  // namespace

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
