#include <boost/json.hpp>
#include <cmath>

#include "base/text.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

namespace json = boost::json;

std::string text_of(double number) {
  // 3.0 is how some clients write a whole number.
  if (number == std::floor(number) && std::fabs(number) < 9.0e15)
    return std::to_string(static_cast<std::int64_t>(number));
  return std::to_string(number);
}

// The parser has bounded the depth already, so this recursion is short.
Params converted(json::value const& value, Form& form) {
  if (form.left == 0) throw Malformed("A request may have at most " + std::to_string(params_max) + " parameters");
  --form.left;
  using Kind = Params::Kind;
  switch (value.kind()) {
    case json::kind::null: return Params(Kind::null);
    case json::kind::bool_: return Params(Kind::flag, value.get_bool() ? "true" : "false");
    case json::kind::int64: return Params(Kind::number, std::to_string(value.get_int64()));
    case json::kind::uint64: return Params(Kind::number, std::to_string(value.get_uint64()));
    case json::kind::double_: return Params(Kind::number, text_of(value.get_double()));
    case json::kind::string: {
      auto const& text = value.get_string();
      if (!is_text({text.data(), text.size()})) throw Malformed("Parameters must be valid UTF-8 without NUL");
      return Params(Kind::text, std::string(text.data(), text.size()));
    }
    case json::kind::array: {
      Params list(Kind::list);
      for (auto const& member : value.get_array()) list.push(converted(member, form));
      return list;
    }
    case json::kind::object: {
      Params map(Kind::map);
      for (auto const& [key, member] : value.get_object()) {
        if (key.size() > param_name_max) throw Malformed("The name of a parameter is too long");
        if (!is_text({key.data(), key.size()})) throw Malformed("Parameters must be valid UTF-8 without NUL");
        map.child({key.data(), key.size()}).replace(converted(member, form));
      }
      return map;
    }
  }
  return Params(Kind::null);
}

}  // namespace

void parse_json(Form& form, std::string_view text) {
  json::error_code failure;
  json::parse_options options;
  options.max_depth = nesting_max;
  auto const value = json::parse(text, failure, {}, options);
  if (failure == json::error::too_deep)
    throw Malformed("Parameters may be nested at most " + std::to_string(nesting_max) + " deep");
  if (failure) throw Malformed("The body is not valid JSON");
  if (!value.is_object()) throw Malformed("The body must be a JSON object");
  auto const tree = converted(value, form);
  for (auto const& member : tree.members()) form.root.child(member.name()).replace(member);
}

}  // namespace kith
