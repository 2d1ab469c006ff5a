#include <cstdio>
#include <optional>

#include "ports/table/cassandra/cassandra.h"
#include "ports/table/cassandra/server.h"
#include "ports/table/contract.h"
#include "ports/table/memory.h"

namespace kith::contract {
namespace {

// The same table, not cut into buckets, and beside the one that is.
TableDescription whole(TableDescription table) {
  table.name = "whole_notes";
  table.bucket = {};
  return table;
}
TableDescription const whole_notes = whole(notes);

// Wide tables on a real node; strict tables and the log in memory, where they are proven apart.
class CassandraEngine final : public Engine {
 public:
  CassandraEngine(VirtualTime& time, Table table) : time_(time), tables_{table} {
    time_.others_busy([this] { return store_ && store_->stats().under_way > 0; });
  }
  ~CassandraEngine() override {
    time_.others_busy({});
    store_.reset();
    if (options_) CassandraServer::own().give_back(*options_, tables_);
  }

  void open() override {
    log_.emplace(MemoryLog::Needs{time_, events_});
    strict_.emplace(MemoryStrict::Needs{time_, rows_, *log_});
  }
  void start() override { log_->start(time_.executor()); }
  void close() override {
    store_.reset();
    log_->stop();
    time_.forget();
  }

  Strict& strict() override { return *strict_; }
  // Reached by the first who asks, for tests of strict rows do not.
  Wide& wide() override {
    if (!options_) options_ = CassandraServer::own().lend();
    if (!store_) store_.emplace(CassandraStore::Needs{time_}, *options_, tables_);
    return store_->wide();
  }
  Log& log() override { return *log_; }

 private:
  VirtualTime& time_;
  std::vector<Table> tables_;
  std::optional<CassandraOptions> options_;
  MemoryStore rows_;
  MemoryLogStore events_;
  std::optional<MemoryLog> log_;
  std::optional<MemoryStrict> strict_;
  std::optional<CassandraStore> store_;
};

}  // namespace

std::vector<EngineKind> cassandra_engines() {
  if (!CassandraServer::here()) {
    std::puts("Maven is not installed, so Cassandra is not tried here: ./dev engines up cassandra");
    return {};
  }
  return {{"cassandra", true, [](VirtualTime& time) { return std::make_unique<CassandraEngine>(time, &notes); }},
          {"cassandra_whole", true,
           [](VirtualTime& time) { return std::make_unique<CassandraEngine>(time, &whole_notes); }}};
}

}  // namespace kith::contract
