#include <cstdio>
#include <optional>

#include "ports/table/contract.h"
#include "ports/table/memory.h"
#include "ports/table/postgres/postgres.h"
#include "ports/table/postgres/server.h"

namespace kith::contract {
namespace {

// Strict tables on a real server, in one database or two; wide tables and the log in memory, where they
// are proven apart.
class PostgresEngine final : public Engine {
 public:
  PostgresEngine(VirtualTime& time, int shards) : time_(time) {
    for (int i = 0; i < shards; ++i) {
      databases_.push_back("kith_" + std::to_string(++made));
      PostgresServer::own().create(databases_.back());
    }
    time_.others_busy([this] { return store_ && store_->stats().under_way > 0; });
  }
  ~PostgresEngine() override {
    time_.others_busy({});
    store_.reset();
    for (auto const& database : databases_) PostgresServer::own().drop(database);
  }

  void open() override {
    log_.emplace(MemoryLog::Needs{time_, events_});
    wide_.emplace(MemoryWide::Needs{time_, rows_});
    PostgresOptions options{.servers = {}, .password_file = PostgresServer::own().password_file()};
    for (auto const& database : databases_) options.servers.push_back(PostgresServer::own().database(database));
    options.outbox_look = std::chrono::milliseconds{5};
    options.deadline = std::chrono::seconds{60};  // on a busy machine, too
    store_.emplace(PostgresStore::Needs{time_, *wide_, *log_}, std::move(options),
                   std::vector<Table>{&things, &tallies, &names, &notes});
  }
  void start() override {
    log_->start(time_.executor());
    store_->start({});
  }
  void close() override {
    store_.reset();
    log_->stop();
    time_.forget();
  }
  // The server dies without putting anything in order; what it had answered is in its journal.
  bool crash() override {
    PostgresServer::own().crash();
    close();
    return true;
  }

  Strict& strict() override { return store_->strict(); }
  Wide& wide() override { return *wide_; }
  Log& log() override { return store_->log(); }

 private:
  static inline int made = 0;
  VirtualTime& time_;
  std::vector<std::string> databases_;
  MemoryStore rows_;
  MemoryLogStore events_;
  std::optional<MemoryLog> log_;
  std::optional<MemoryWide> wide_;
  std::optional<PostgresStore> store_;
};

}  // namespace

std::vector<EngineKind> postgres_engines() {
  if (!PostgresServer::here()) {
    std::puts("PostgreSQL is not installed, so its engine is not tried here: ./dev engines up postgres");
    return {};
  }
  return {{"postgres", true, [](VirtualTime& time) { return std::make_unique<PostgresEngine>(time, 1); }},
          {"postgres_sharded", true, [](VirtualTime& time) { return std::make_unique<PostgresEngine>(time, 2); }}};
}

}  // namespace kith::contract
