#pragma once

// The one shape of a refusal: {"error": sentence}, with `error_description` for OAuth and `details`
// for a form (422).

#include <span>
#include <string>
#include <string_view>

namespace kith::views {

void append_error(std::string& out, std::string_view say);
void append_oauth_error(std::string& out, std::string_view error, std::string_view description);

struct FieldError {
  std::string_view field;
  std::string_view error;        // ERR_TAKEN, ERR_BLANK, ERR_INVALID, ERR_TOO_LONG ...
  std::string_view description;  // the sentence beside the field
};
// Several errors of one field stand behind one another.
void append_form_error(std::string& out, std::string_view say, std::span<FieldError const> details);

}  // namespace kith::views
