// Every engine the suites prove, one line each.

#include "ports/table/contract.h"

namespace kith::contract {

EngineKind memory_engine();
EngineKind rocksdb_engine();

std::vector<EngineKind> engines() {
  return {
      memory_engine(),
      rocksdb_engine(),
  };
}

}  // namespace kith::contract
