#include "ports/secrets/server_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "ports/random/random.h"

namespace kith {
namespace {

constexpr std::string_view head =
    "# The key that opens what people stored on this server. Keep a copy of this file apart from backups:\n"
    "# without it nobody can read the content again, and whoever has both can read everything.\n";
constexpr std::size_t file_bytes_max = 4096;

Error failed(std::string const& path, char const* verb) {
  return {Code::unavailable,
          "Cannot " + std::string(verb) + " the server's key " + path + ": " + std::generic_category().message(errno)};
}

struct File {
  int number;
  ~File() {
    if (number >= 0) ::close(number);
  }
};

std::string hex(std::array<unsigned char, 32> const& key) {
  char text[65];
  return sodium_bin2hex(text, sizeof text, key.data(), key.size());
}

bool take_key(std::string_view& line, std::array<unsigned char, 32>& key) {
  std::size_t size = 0;
  char const* end = nullptr;
  bool const whole =
      sodium_hex2bin(key.data(), key.size(), line.data(), line.size(), nullptr, &size, &end) == 0 && size == key.size();
  return whole && end == line.data() + line.size();
}

bool take(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  return true;
}

}  // namespace

ServerKey::~ServerKey() {
  sodium_memzero(wrap.data(), wrap.size());
  sodium_memzero(root.data(), root.size());
}

std::array<unsigned char, 32> ServerKey::derive(std::string_view purpose) const {
  std::array<unsigned char, 32> key{};
  crypto_generichash(key.data(), key.size(), reinterpret_cast<unsigned char const*>(purpose.data()), purpose.size(),
                     root.data(), root.size());
  return key;
}

ServerKey read_server_key(std::string const& path) {
  start_sodium();
  File const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat about{};
  if (file.number < 0 || ::fstat(file.number, &about) != 0) throw failed(path, "read");
  if ((about.st_mode & 077) != 0)
    throw Error{Code::invalid, "The server's key " + path + " can be read by others: say chmod 600 " + path};

  std::string text(file_bytes_max, '\0');
  ssize_t const size = ::read(file.number, text.data(), text.size());
  if (size < 0) throw failed(path, "read");
  text.resize(static_cast<std::size_t>(size));

  ServerKey key;
  bool wraps = false, derives = false, wrong = false;
  for (std::string_view rest = text; !rest.empty();) {
    std::size_t const end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    if (take(line, "wrap 1 "))
      wraps = take_key(line, key.wrap);
    else if (take(line, "root "))
      derives = take_key(line, key.root);
    else
      wrong = true;
  }
  sodium_memzero(text.data(), text.size());
  if (!wraps || !derives || wrong)
    throw Error{Code::invalid, "The server's key " + path + " is damaged, or of a newer version of kith"};
  return key;
}

ServerKey make_server_key(std::string const& path) {
  start_sodium();
  ServerKey key;
  randombytes_buf(key.wrap.data(), key.wrap.size());
  randombytes_buf(key.root.data(), key.root.size());
  std::string text = std::string(head) + "wrap 1 " + hex(key.wrap) + "\nroot " + hex(key.root) + "\n";

  // Whole and on disk before anything is wrapped with it: first beside, then in its place.
  std::string const beside = path + ".new";
  ::unlink(beside.c_str());
  File const file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.number < 0) throw failed(path, "make");
  bool const written = ::write(file.number, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(file.number) == 0 && ::rename(beside.c_str(), path.c_str()) == 0;
  sodium_memzero(text.data(), text.size());
  if (!written) throw failed(path, "make");
  std::string const folder = std::filesystem::path(path).parent_path();
  File const directory{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.number < 0 || ::fsync(directory.number) != 0) throw failed(path, "make");
  return key;
}

}  // namespace kith
