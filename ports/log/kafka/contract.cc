#include <cstdio>
#include <optional>
#include <stdexcept>

#include "ports/log/kafka/server.h"
#include "ports/table/contract.h"

namespace kith::contract {
namespace {

class KafkaEngine final : public Engine {
 public:
  explicit KafkaEngine(VirtualTime& time) : time_(time), options_(KafkaServer::own().options()) {
    options_.retention = Duration::zero();  // virtual time is long ago
    options_.clock_look = std::chrono::milliseconds{5};
    options_.deadline = std::chrono::seconds{60};  // on a busy machine, too
    time_.others_busy([this] { return log_ && log_->stats().under_way > 0; });
  }
  ~KafkaEngine() override { time_.others_busy({}); }

  void open() override { log_.emplace(KafkaLog::Needs{time_}, options_); }
  void start() override { log_->start({time_.executor()}); }
  void close() override {
    log_.reset();
    time_.forget();
  }

  Strict& strict() override { throw std::logic_error("this engine is a log alone"); }
  Wide& wide() override { throw std::logic_error("this engine is a log alone"); }
  Log& log() override { return *log_; }

 private:
  VirtualTime& time_;
  KafkaOptions options_;
  std::optional<KafkaLog> log_;
};

}  // namespace

std::vector<EngineKind> kafka_engines() {
  if (!KafkaServer::here()) {
    std::puts("Kafka is not installed, so its engine is not tried here: ./dev engines up kafka");
    return {};
  }
  return {{"kafka", true, [](VirtualTime& time) { return std::make_unique<KafkaEngine>(time); }}};
}

}  // namespace kith::contract
