#pragma once

// How much memory the caches may take.

#include <cstdint>

#include "app/settings.h"

namespace kith {

// The setting, or where it is zero what suits the machine or the container, whichever has less.
std::uint64_t cache_memory(Settings const& settings);
// A twelfth, between 128 MiB and 1 GiB.
std::uint64_t cache_memory_of(std::uint64_t machine_bytes);

}  // namespace kith
