#include "app/address.h"

#include <filesystem>

namespace kith {
namespace {

std::string reachable(std::string address) {
  if (address.starts_with(':')) return "127.0.0.1" + address;
  if (address.starts_with("0.0.0.0:")) return "127.0.0.1" + address.substr(7);
  if (address.starts_with("[::]:")) return "[::1]" + address.substr(4);
  return address;
}

}  // namespace

std::string base_url_of(Settings const& settings) {
  if (!settings.base_url.empty()) return settings.base_url;
  if (!settings.tls_listen.empty()) return "https://" + reachable(settings.tls_listen.front());
  return "http://" + (settings.listen.empty() ? std::string("127.0.0.1:8080") : reachable(settings.listen.front()));
}

std::string host_of(std::string_view base_url) {
  auto const scheme = base_url.find("://");
  if (scheme != std::string_view::npos) base_url.remove_prefix(scheme + 3);
  return std::string(base_url.substr(0, base_url.find('/')));
}

std::string rpc_address(Settings const& settings) {
  auto const folder = settings.rpc_folder.empty() ? settings.data + "/rpc" : settings.rpc_folder;
  return "unix:" + (std::filesystem::absolute(folder) / "core.sock").string();
}

}  // namespace kith
