#include "gateway/views/context.h"

#include "base/json.h"

namespace kith::views {

void append_context(std::string& out, std::span<StatusPieces const> ancestors,
                    std::span<StatusPieces const> descendants) {
  JsonWriter json(out);
  json.begin().key("ancestors");
  append_statuses(out, ancestors);
  json.key("descendants");
  append_statuses(out, descendants);
  json.end();
}

}  // namespace kith::views
