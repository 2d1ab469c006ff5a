#include "ports/clock/lease_memory.h"

namespace kith {

Task<std::vector<Lease>> MemoryLeases::look(std::vector<std::string> names) {
  std::lock_guard const lock(mutex_);
  std::vector<Lease> leases;
  leases.reserve(names.size());
  for (std::string const& name : names) {
    auto const found = leases_.find(name);
    leases.push_back(found == leases_.end() ? Lease{.name = name} : found->second);
  }
  co_return leases;
}

Task<std::optional<Lease>> MemoryLeases::put(Lease lease) {
  std::lock_guard const lock(mutex_);
  auto const found = leases_.find(lease.name);
  std::int64_t const version = found == leases_.end() ? 0 : found->second.version;
  if (version != lease.version) co_return std::nullopt;
  ++lease.version;
  leases_.insert_or_assign(lease.name, lease);
  co_return lease;
}

}  // namespace kith
