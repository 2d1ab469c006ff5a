#include "app/memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

namespace kith {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

// What the control group of a container allows; "max" or nothing: all there is.
std::uint64_t container_bytes(std::uint64_t otherwise) {
  std::ifstream file("/sys/fs/cgroup/memory.max");
  std::string text;
  file >> text;
  std::uint64_t bytes = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc{} && bytes > 0 ? bytes : otherwise;
}

std::uint64_t machine_bytes() {
  long const pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  std::uint64_t const physical =
      pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) : 0;
  return std::min(physical, container_bytes(physical));
}

}  // namespace

std::uint64_t cache_memory_of(std::uint64_t machine_bytes) {
  return std::clamp(machine_bytes / 12, 128 * mebibyte, 1024 * mebibyte);
}

std::uint64_t cache_memory(Settings const& settings) {
  return settings.cache_memory != 0 ? settings.cache_memory : cache_memory_of(machine_bytes());
}

}  // namespace kith
