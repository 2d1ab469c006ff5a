// Every engine the suites prove, one line each.

#include "ports/table/contract.h"

namespace kith::contract {

EngineKind memory_engine();
EngineKind rocksdb_engine();
std::vector<EngineKind> postgres_engines();
std::vector<EngineKind> cassandra_engines();
std::vector<EngineKind> kafka_engines();

std::vector<EngineKind> engines() {
  std::vector<EngineKind> all{
      memory_engine(),
      rocksdb_engine(),
  };
#ifdef KITH_POSTGRES
  for (EngineKind& kind : postgres_engines()) all.push_back(std::move(kind));
#endif
  return all;
}

std::vector<EngineKind> wide_engines() {
  std::vector<EngineKind> all = engines();
#ifdef KITH_CASSANDRA
  for (EngineKind& kind : cassandra_engines()) all.push_back(std::move(kind));
#endif
  return all;
}

std::vector<EngineKind> log_engines() {
  std::vector<EngineKind> all = engines();
#ifdef KITH_KAFKA
  for (EngineKind& kind : kafka_engines()) all.push_back(std::move(kind));
#endif
  return all;
}

}  // namespace kith::contract
