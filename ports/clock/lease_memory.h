#pragma once

// Leases of one process, for tests and simulations.

#include <map>
#include <mutex>

#include "ports/clock/lease.h"

namespace kith {

class MemoryLeases final : public Leases {
 public:
  Task<std::vector<Lease>> look(std::vector<std::string> names) override;
  Task<std::optional<Lease>> put(Lease lease) override;

 private:
  std::mutex mutex_;
  std::map<std::string, Lease> leases_;
};

}  // namespace kith
