#include "ports/log/kafka_server.h"

namespace kith::contract {

bool KafkaServer::here() { return engine_is_tried({"/usr/share/maven", "/usr/bin/kcat"}); }

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
