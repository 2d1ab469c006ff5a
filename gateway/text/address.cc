#include "gateway/text/address.h"

#include "base/id.h"

namespace kith::text {

bool is_web_address(std::string_view text) { return text.starts_with("https://") || text.starts_with("http://"); }

std::optional<OwnAddress> own_address(std::string_view base_url, std::string_view text) {
  if (!text.starts_with(base_url)) return std::nullopt;
  text.remove_prefix(base_url.size());
  text = text.substr(0, text.find_first_of("?#"));
  if (!text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  if (text.ends_with('/')) text.remove_suffix(1);
  auto const slash = text.find('/');
  std::string_view const first = text.substr(0, slash);
  std::string_view const second = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  OwnAddress address;
  if (first.starts_with('@') && slash == std::string_view::npos) {
    address.handle = first.substr(1);
  } else if (first.starts_with('@') || first == "posts") {
    address.post = parse_id(second).value_or(0);
  } else if (first == "users") {
    address.account = parse_id(second).value_or(0);
  }
  if (address.handle.empty() && address.post == 0 && address.account == 0) return std::nullopt;
  return address;
}

}  // namespace kith::text
