#include "app/demo_marker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "base/json.h"

namespace kith {
namespace {

std::filesystem::path place_of(std::filesystem::path const& data) { return data / "demo.json"; }

// Written and synced; false with errno when not.
bool written(std::filesystem::path const& path, std::string_view text, int flags) {
  int const file = ::open(path.c_str(), flags, 0644);
  if (file < 0) return false;
  bool done = true;
  while (done && !text.empty()) {
    auto const put = ::write(file, text.data(), text.size());
    done = put > 0;
    if (done) text.remove_prefix(static_cast<std::size_t>(put));
  }
  done = done && ::fsync(file) == 0;
  return ::close(file) == 0 && done;
}

}  // namespace

bool has_demo_marker(std::filesystem::path const& data) {
  std::error_code ignored;
  return std::filesystem::exists(place_of(data), ignored);
}

void write_demo_marker(std::filesystem::path const& data, DemoMarker const& marker) {
  std::string text;
  JsonWriter json(text);
  json.begin().text("graph", marker.graph).text("posts", marker.posts).number("people", marker.people);
  json.number("friendships", marker.friendships).number("posts_made", marker.posts_made);
  json.text("first_handle", marker.first_handle).time("made_at", marker.made_at).end();
  text += '\n';
  // Under another name first: a marker is there whole or not at all.
  std::filesystem::path const place = place_of(data);
  std::filesystem::path const fresh = place.string() + ".new";
  if (!written(fresh, text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC) || ::rename(fresh.c_str(), place.c_str()) != 0)
    throw Error{Code::unavailable, place.string() + " cannot be written: " + std::generic_category().message(errno)};
  int const folder = ::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

}  // namespace kith
