#include <optional>

#include "ports/table/contract.h"
#include "ports/table/memory.h"

namespace kith::contract {
namespace {

class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(VirtualTime& time) : time_(time) {}

  void open() override {
    log_.emplace(MemoryLog::Needs{time_, events_});
    strict_.emplace(MemoryStrict::Needs{time_, rows_, *log_});
    wide_.emplace(MemoryWide::Needs{time_, rows_});
  }
  void start() override { log_->start(time_.executor()); }
  // Rows and events are all it keeps, so a clean stop and a crash are the same.
  void close() override {
    log_->stop();
    time_.forget();
  }
  bool crash() override {
    close();
    return true;
  }

  Strict& strict() override { return *strict_; }
  Wide& wide() override { return *wide_; }
  Log& log() override { return *log_; }

 private:
  VirtualTime& time_;
  MemoryStore rows_;
  MemoryLogStore events_;
  std::optional<MemoryLog> log_;
  std::optional<MemoryStrict> strict_;
  std::optional<MemoryWide> wide_;
};

}  // namespace

EngineKind memory_engine() {
  return {"memory", false, [](VirtualTime& time) { return std::make_unique<MemoryEngine>(time); }};
}

}  // namespace kith::contract
