#pragma once

// For tests: a Kafka of this test program's own, which ends with it.

#include "ports/log/kafka/log.h"
#include "ports/table/contract_server.h"

namespace kith::contract {

class KafkaServer {
 public:
  // Whether it is installed here, or can be.
  static bool here();
  // The one of this program, started by the first who asks.
  static KafkaServer& own();

  // How to reach it, with topics that nobody used before.
  KafkaOptions options();
  // The same by TLS, where this authority must vouch for the server.
  KafkaOptions by_tls(std::string const& authority);
  std::string const& tls_authority() const { return server_.said("KAFKA_TLS_AUTHORITY"); }
  std::string const& address() const { return server_.said("KAFKA"); }
  // Ends without putting anything in order, as if it was killed, and starts again.
  void crash() { server_.crash(); }

 private:
  KafkaServer() = default;

  OwnServer server_{"kafka"};
  int made_ = 0;
};

}  // namespace kith::contract
