#pragma once

// The settings file as names, values and lines: all that is known of TOML.

#include <string>
#include <vector>

namespace kith {

struct FileValue {
  enum class Kind { text, number, flag, list, other };

  std::string name;  // [community] name = ... is community_name
  Kind kind = Kind::other;
  std::vector<std::string> texts;  // the value; of a list, all of them
  unsigned line = 0;
};

inline constexpr std::size_t settings_file_bytes_max = 1 << 20;

// In the order of the file. Throws Error{invalid} with file and line.
std::vector<FileValue> read_settings_file(std::string const& file);

}  // namespace kith
