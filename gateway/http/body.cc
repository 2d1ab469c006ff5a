#include "gateway/http/body.h"

#include <algorithm>

#include "base/text.h"

namespace kith {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decoded_or_refused(std::string_view text) {
  auto decoded = percent_decoded(text, true);
  if (!decoded) throw Malformed("A parameter is not well-formed: a % must be followed by two hexadecimal digits");
  return std::move(*decoded);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      int const high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

void append_percent_encoded(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (char const c : text) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

std::string media_type(std::string_view header) {
  std::string type(trimmed(header.substr(0, header.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  auto at = header.find(';');
  while (at != std::string_view::npos) {
    header.remove_prefix(at + 1);
    header = trimmed(header);
    auto const equals = header.find_first_of("=;");
    if (equals == std::string_view::npos || header[equals] == ';') {
      at = header.find(';');
      continue;
    }
    bool const wanted = same_word(trimmed(header.substr(0, equals)), name);
    header.remove_prefix(equals + 1);
    header = trimmed(header);
    std::string value;
    if (header.starts_with('"')) {
      std::size_t i = 1;
      for (; i < header.size() && header[i] != '"'; ++i) {
        // Browsers send a backslash in a filename as it is, and quotes as %22: only \" and \\ are escapes.
        if (header[i] == '\\' && i + 1 < header.size() && (header[i + 1] == '"' || header[i + 1] == '\\')) ++i;
        value += header[i];
      }
      header.remove_prefix(std::min(i + 1, header.size()));
    } else {
      value = trimmed(header.substr(0, header.find(';')));
    }
    if (wanted) return value;
    at = header.find(';');
  }
  return std::nullopt;
}

void insert(Form& form, std::string_view name, Params value) {
  if (form.left == 0) throw Malformed("A request may have at most " + std::to_string(params_max) + " parameters");
  --form.left;
  if (name.size() > param_name_max) throw Malformed("The name of a parameter is too long");
  if (!is_text(name) || !is_text(value.raw())) throw Malformed("Parameters must be valid UTF-8 without NUL");

  auto const bracket = name.find('[');
  auto const first = name.substr(0, bracket);
  if (first.empty()) return;  // "=x" or "[a]=x" names nothing
  Params* node = &form.root.child(first);
  auto rest = bracket == std::string_view::npos ? std::string_view{} : name.substr(bracket);

  for (std::size_t depth = 1; !rest.empty(); ++depth) {
    auto const end = rest.find(']');
    if (!rest.starts_with('[') || end == std::string_view::npos) break;  // what follows is no path: ignored
    if (depth >= nesting_max)
      throw Malformed("Parameters may be nested at most " + std::to_string(nesting_max) + " deep");
    auto const key = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    while (key.empty() && rest.starts_with("[]")) rest.remove_prefix(2);  // Mastodon.py writes id[][] for a list
    if (!key.empty()) {
      node = &node->child(key);
      continue;
    }
    if (rest.empty()) {
      node->push(std::move(value));
      return;
    }
    // a[][b]=1&a[][c]=2 is one member with b and c; a name that the last member has begins the next.
    auto const inner = rest.substr(1, rest.find(']') == std::string_view::npos ? 0 : rest.find(']') - 1);
    bool const fresh = node->kind() != Params::Kind::list || node->members().empty() ||
                       node->members().back().kind() != Params::Kind::map || node->members().back().find(inner);
    node = fresh ? &node->push(Params(Params::Kind::map)) : &node->last();
  }
  node->repeat(std::move(value));
}

void parse_urlencoded(Form& form, std::string_view text) {
  while (!text.empty()) {
    auto const pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    auto const equals = pair.find('=');
    auto const name = decoded_or_refused(pair.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string{} : decoded_or_refused(pair.substr(equals + 1));
    insert(form, name, Params(Params::Kind::text, std::move(value)));
  }
}

void parse_body(Form& form, std::string_view content_type, std::string_view body, std::vector<UploadedFile>& files) {
  if (body.empty()) return;
  // The body wins over the query: read apart, then laid over it name by name.
  Params own(Params::Kind::map);
  Form inner{own, form.left};
  auto const type = media_type(content_type);
  if (type == "application/json" || (type.starts_with("application/") && type.ends_with("+json")))
    parse_json(inner, body);
  else if (type == "application/x-www-form-urlencoded" || type.empty())
    parse_urlencoded(inner, body);
  else if (type == "multipart/form-data")
    parse_multipart(inner, body, header_parameter(content_type, "boundary").value_or(""), files);
  else
    throw Malformed("Send the body as application/json, application/x-www-form-urlencoded or multipart/form-data");
  form.left = inner.left;
  for (auto const& member : own.members()) form.root.child(member.name()).replace(member);
}

}  // namespace kith
