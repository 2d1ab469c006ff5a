#include "ports/log/kafka_server.h"

#include <cstdlib>
#include <filesystem>

namespace kith::contract {

bool KafkaServer::here() {
  // In the gate it must be there: a test that fails for want of it is better than one that is not made.
  return std::getenv("KITH_GATE") != nullptr ||
         (std::filesystem::exists("/usr/share/maven") && std::filesystem::exists("/usr/bin/kcat"));
}

KafkaServer& KafkaServer::own() {
  static KafkaServer server;
  return server;
}

KafkaOptions KafkaServer::options() {
  return {.servers = {address()},
          .security = {"security.protocol=sasl_plaintext", "sasl.mechanisms=PLAIN"},
          .user = server_.said("KAFKA_USER"),
          .password_file = server_.said("KAFKA_PASSWORD_FILE"),
          .topics = "kith_" + std::to_string(++made_),
          .partitions = 3};
}

}  // namespace kith::contract
