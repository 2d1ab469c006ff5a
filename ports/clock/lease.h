#pragma once

// What one process at a time may hold: a worker number for ids, the relay of a shard. A lease is a
// strict row: name, holder, until when, and a ceiling, which is a number its holders may go up to.
//
// The contract, proved for each engine by lease_contract_test.cc:
//   - `put` changes the row only if nobody changed it since it was read, and survives power loss;
//   - Error unavailable: surely not changed; unknown outcomes are settled inside.
// Who may take a lease is the taker's judgement: one whose `until` has passed, or its own.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/time.h"

namespace kith {

struct Lease {
  std::string name = {};
  std::string holder = {};  // empty: nobody's
  std::uint64_t ceiling = 0;
  Time until = no_time;
  std::int64_t version = 0;  // as read; zero: never held by anybody
};

inline constexpr std::size_t lease_names_max = 100;  // of one look
inline constexpr std::size_t lease_name_bytes_max = 100;

class Leases {
 public:
  virtual ~Leases() = default;

  // In the order of the names.
  virtual Task<std::vector<Lease>> look(std::vector<std::string> names) = 0;
  // Writes `lease` over the row of the version it was read with. The lease with its new version, or
  // nothing when somebody was faster.
  virtual Task<std::optional<Lease>> put(Lease lease) = 0;
};

}  // namespace kith
