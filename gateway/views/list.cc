#include "gateway/views/list.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put(JsonWriter& json, List const& list) {
  json.begin()
      .id("id", list.id)
      .text("title", list.title)
      .text("replies_policy", list.replies_policy)
      .yes("exclusive", list.exclusive)
      .end();
}

}  // namespace

void append_list(std::string& out, List const& list) {
  JsonWriter json(out);
  put(json, list);
}

void append_lists(std::string& out, std::span<List const> lists) {
  JsonWriter json(out);
  json.list();
  for (List const& list : lists) put(json, list);
  json.end_list();
}

}  // namespace kith::views
