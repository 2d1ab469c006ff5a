#pragma once

// The key of this server: it wraps every account's data key, and from a second half of it other keys
// are derived (of the hashes by which e-mail addresses are found). It lies in a file of its own that
// only its owner can read, outside the key store and ordinary backups.

#include <array>
#include <string>
#include <string_view>

namespace kith {

struct ServerKey {
  // Which wrapping key this is: stored beside each data key it wrapped, so that it can be replaced.
  unsigned char number = 1;
  std::array<unsigned char, 32> wrap{};
  // Never replaced: what is found by it must be found again.
  std::array<unsigned char, 32> root{};

  ServerKey() = default;
  ServerKey(ServerKey const&) = default;
  ServerKey& operator=(ServerKey const&) = default;
  ~ServerKey();

  // A key for one purpose, such as "names".
  std::array<unsigned char, 32> derive(std::string_view purpose) const;
};

// Reads the file; throws Error{invalid} when it is no such file or others may read it.
ServerKey read_server_key(std::string const& path);
// Makes a new one and writes it, durably; throws Error{unavailable} when that cannot be done.
ServerKey make_server_key(std::string const& path);

}  // namespace kith
