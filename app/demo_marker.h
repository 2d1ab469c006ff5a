#pragma once

// What says that a data folder holds a finished demo community: DATA/demo.json, written last. It tells
// what was imported, and no secret.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/time.h"

namespace kith {

struct DemoMarker {
  std::string graph;  // names of the files, or "sample"
  std::string posts;
  std::uint64_t people = 0;
  std::uint64_t friendships = 0;
  std::uint64_t posts_made = 0;
  std::string first_handle;
  Time made_at = no_time;
};

bool has_demo_marker(std::filesystem::path const& data);
// On the disk when it returns. Throws Error{unavailable} with the reason.
void write_demo_marker(std::filesystem::path const& data, DemoMarker const& marker);

}  // namespace kith
