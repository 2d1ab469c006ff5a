#include "gateway/views/search.h"

#include "base/json.h"

namespace kith::views {

void append_joined(std::string& out, std::span<std::string_view const> items) {
  std::size_t size = out.size() + items.size() + 2;
  for (auto const item : items) size += item.size();
  out.reserve(size);
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    out += items[i];
  }
  out += ']';
}

void append_search(std::string& out, std::span<std::string_view const> accounts, std::span<StatusPieces const> statuses,
                   std::span<TagPage const> tags) {
  JsonWriter json(out);
  json.begin().key("accounts");
  append_joined(out, accounts);
  json.key("statuses");
  append_statuses(out, statuses);
  json.key("hashtags");
  append_tags(out, tags);
  json.end();
}

}  // namespace kith::views
