#pragma once

// Leases as rows of a strict table, whatever engine keeps it.

#include "ports/clock/lease.h"
#include "ports/random/random.h"
#include "ports/table/strict.h"

namespace kith {

class TableLeases final : public Leases {
 public:
  struct Needs {
    Strict& strict;
    Random& random;
  };
  explicit TableLeases(Needs needs) : needs_(needs) {}

  Task<std::vector<Lease>> look(std::vector<std::string> names) override;
  Task<std::optional<Lease>> put(Lease lease) override;

 private:
  Needs needs_;
};

}  // namespace kith
