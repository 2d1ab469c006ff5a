#include "gateway/views/error.h"

#include "base/json.h"

namespace kith::views {

void append_error(std::string& out, std::string_view say) { JsonWriter(out).begin().text("error", say).end(); }

void append_oauth_error(std::string& out, std::string_view error, std::string_view description) {
  JsonWriter(out).begin().text("error", error).text("error_description", description).end();
}

void append_form_error(std::string& out, std::string_view say, std::span<FieldError const> details) {
  JsonWriter json(out);
  json.begin().text("error", say).begin("details");
  for (std::size_t i = 0; i < details.size(); ++i) {
    // Fields arrive grouped: each is one key with the list of what is wrong with it.
    if (i == 0 || details[i].field != details[i - 1].field) json.list(details[i].field);
    json.begin().text("error", details[i].error).text("description", details[i].description).end();
    if (i + 1 == details.size() || details[i + 1].field != details[i].field) json.end_list();
  }
  json.end().end();
}

}  // namespace kith::views
