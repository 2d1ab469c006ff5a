#include "ports/rpc/socket_folder.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/error.h"

namespace kith {
namespace {

constexpr std::size_t path_max = sizeof(sockaddr_un::sun_path) - 1;

void make_private(std::string const& folder) {
  // A gateway may well be the first to start, before the core has made the data folder around this one.
  std::error_code failure;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), failure);  // mkdir says what failed
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw Error{Code::invalid, "The folder " + folder + " for the socket between roles cannot be made: " +
                                   std::generic_category().message(errno)};
  struct stat found = {};
  // lstat: a link would leave open whose folder it is.
  if (::lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    throw Error{Code::invalid, folder + " is not a folder"};
  if (found.st_uid != ::geteuid())
    throw Error{Code::invalid, "The folder " + folder + " of the socket between roles belongs to another user"};
  if ((found.st_mode & 077) != 0)
    throw Error{Code::invalid,
                "Others may enter the folder " + folder + " of the socket between roles: run chmod 700 " + folder};
}

}  // namespace

std::string private_socket(std::string const& address) {
  constexpr std::string_view scheme = "unix:";
  if (!address.starts_with(scheme))
    throw Error{Code::invalid,
                "Roles speak over a unix socket, such as unix:/srv/kith/rpc/kith.sock, or over TCP, such as "
                "tcp:10.0.0.1:7001; \"" +
                    address + "\" is neither"};
  std::string path = address.substr(scheme.size());
  if (!path.starts_with('/') || path.ends_with('/'))
    throw Error{Code::invalid, "The socket between roles needs a full path, not \"" + path + '"'};
  if (path.size() > path_max)
    throw Error{Code::invalid,
                "The path of the socket between roles has at most " + std::to_string(path_max) + " bytes: " + path};
  make_private(std::filesystem::path(path).parent_path());
  return path;
}

bool answers(std::string const& socket_path) {
  int const made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return false;
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, socket_path.c_str(), std::min(socket_path.size(), path_max));
  bool const open = ::connect(made, reinterpret_cast<sockaddr const*>(&to), sizeof(to)) == 0;
  ::close(made);
  return open;
}

}  // namespace kith
