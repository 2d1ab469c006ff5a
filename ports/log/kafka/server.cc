#include "ports/log/kafka/server.h"

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

KafkaOptions KafkaServer::by_tls(std::string const& authority) {
  KafkaOptions options = this->options();
  options.servers = {server_.said("KAFKA_TLS")};
  options.security = {"security.protocol=sasl_ssl", "sasl.mechanisms=PLAIN", "ssl.ca.location=" + authority};
  return options;
}

}  // namespace kith::contract
