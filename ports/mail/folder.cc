#include "ports/mail/folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace kith {
namespace {

namespace fs = std::filesystem;

Error failed(std::string const& folder) {
  return {Code::unavailable, "Mail cannot be sent right now",
          "mail folder " + folder + ": " + std::generic_category().message(errno)};
}

struct File {
  int number;
  ~File() {
    if (number >= 0) ::close(number);
  }
};

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const size = ::write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

// 2026-11-21T12-30-00.123Z-9f8e7d6c.eml: sorts by time, and two of one moment differ.
std::string name_at(Time now, Random& random) {
  std::string name = iso_time(now);
  std::ranges::replace(name, ':', '-');
  name += '-';
  for (int i = 0; i < 8; ++i) name += "0123456789abcdef"[random.below(16)];
  return name + ".eml";
}

}  // namespace

FolderMail::FolderMail(std::string folder, Needs needs) : folder_(std::move(folder)), needs_(std::move(needs)) {
  std::error_code failure;
  fs::create_directories(folder_, failure);
  if (!failure) fs::permissions(folder_, fs::perms::owner_all, failure);
  if (failure) throw Error{Code::invalid, "Cannot write mail into the folder " + folder_ + ": " + failure.message()};
}

Task<void> FolderMail::send(Letter letter) {
  std::string const message = message_of(letter, needs_.from, needs_.clock.now(), needs_.random);
  std::string const name = name_at(needs_.clock.now(), needs_.random);
  co_await needs_.workers.run([this, &name, &message] {
    write(name, message);
    drop_oldest();
  });
}

void FolderMail::write(std::string const& name, std::string const& message) const {
  // Whole or not at all: who looks into the folder never reads half a mail.
  std::string const path = folder_ + '/' + name, beside = folder_ + "/." + name + ".new";
  File const file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.number < 0) throw failed(folder_);
  if (!write_all(file.number, message) || ::fsync(file.number) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
    Error const error = failed(folder_);
    ::unlink(beside.c_str());
    throw error;
  }
}

void FolderMail::drop_oldest() const {
  std::error_code ignored;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder_, ignored), end; !ignored && at != end; at.increment(ignored))
    if (at->path().extension() == ".eml") names.push_back(at->path().string());
  if (names.size() <= files_max) return;
  std::ranges::sort(names);
  for (std::size_t i = 0; i + files_max < names.size(); ++i) fs::remove(names[i], ignored);
}

}  // namespace kith
