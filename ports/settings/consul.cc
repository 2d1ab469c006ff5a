#include "ports/settings/consul.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/base64.h"

namespace kith {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// A question is answered after so long if nothing changes; Consul itself adds up to a sixteenth of it.
constexpr milliseconds wait_most{55'000};
// What changes many times a second is taken up some times a second.
constexpr milliseconds pause_between{200};

Error not_understood() {
  return {Code::unavailable, "What Consul answers is not understood: is consul_server its address?"};
}

}  // namespace

SettingsSource::Values consul_values(std::string_view text, std::string_view folder) {
  json::error_code failure;
  auto const parsed = json::parse({text.data(), text.size()}, failure);
  if (failure || !parsed.is_array()) throw not_understood();
  SettingsSource::Values values;
  for (auto const& entry : parsed.get_array()) {
    auto const* const row = entry.if_object();
    auto const* const key = row == nullptr ? nullptr : row->if_contains("Key");
    auto const* const held = row == nullptr ? nullptr : row->if_contains("Value");
    if (key == nullptr || !key->is_string() || held == nullptr) throw not_understood();
    std::string const path(key->get_string());
    if (path.size() <= folder.size() + 1) continue;  // the folder itself, as Consul's own pages make it
    auto value = held->is_string() ? from_base64(held->get_string()) : std::string();
    // From a file that somebody edited.
    while (value.ends_with('\n') || value.ends_with('\r')) value.pop_back();
    values.push_back({path.substr(folder.size() + 1), std::move(value), path + " in Consul"});
  }
  std::ranges::sort(values, {}, &SettingsSource::Value::name);
  return values;
}

ConsulSettings::ConsulSettings(ConsulPlace place, std::string folder)
    : http_(std::move(place)), folder_(std::move(folder)) {}

std::optional<SettingsSource::Values> ConsulSettings::ask(milliseconds wait) {
  std::string path = "/v1/kv/" + folder_ + "/?recurse=true";
  if (index_ > 0) path += "&index=" + std::to_string(index_) + "&wait=" + std::to_string(wait.count()) + "ms";
  auto const before = std::exchange(index_, 0);  // unless this succeeds
  auto const answer = http_.get(path, before > 0 ? wait + wait / 16 : milliseconds{});
  if (!answer) return std::nullopt;
  auto values = answer->status == 404 ? Values{} : consul_values(answer->body, folder_);
  // It counts anew when the store was restored, and then nothing may be missed.
  index_ = answer->index < before ? 0 : std::max<std::uint64_t>(answer->index, 1);
  return values;
}

SettingsSource::Values ConsulSettings::read() {
  index_ = 0;
  auto values = ask({});
  if (!values) throw Error{Code::unavailable, "This server is stopping"};
  return handed_out_ = std::move(*values);
}

std::optional<SettingsSource::Values> ConsulSettings::changed() {
  for (;;) {
    bool const known = index_ > 0;
    auto values = ask(wait_most);
    if (!values) return std::nullopt;
    if (!known || *values != handed_out_) return handed_out_ = std::move(*values);
    if (!http_.pause(jitter_.jittered(pause_between))) return std::nullopt;
  }
}

}  // namespace kith
