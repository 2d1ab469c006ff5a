#include "ports/cache/redis/resp.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace kith::redis {
namespace {

[[noreturn]] void malformed(char const* what) {
  throw Error{Code::unavailable, "The cache is not available", std::string("Redis said what is no RESP3: ") + what};
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t at() const { return at_; }

  // False: it is not whole yet.
  bool read(Value& value, int depth) {
    if (depth > nesting_max) malformed("too deep");
    auto const found = line();
    if (!found) return false;
    if (found->empty()) malformed("an empty line");
    std::string_view const rest = found->substr(1);
    switch (found->front()) {
      case '+': return take(value, Value::Kind::text, rest);
      case '-': return take(value, Value::Kind::error, rest);
      case ',':
      case '(': return take(value, Value::Kind::text, rest);
      case ':': return take(value, number_of(rest));
      case '#':
        if (rest != "t" && rest != "f") malformed("a truth value");
        return take(value, rest == "t");
      case '_':
        if (!rest.empty()) malformed("a null");
        value = {};
        return true;
      case '$': return text(value, Value::Kind::text, rest, 0);
      case '!': return text(value, Value::Kind::error, rest, 0);
      case '=': return text(value, Value::Kind::text, rest, 4);
      case '*':
      case '~': return list(value, Value::Kind::list, rest, 1, depth);
      case '>': return list(value, Value::Kind::push, rest, 1, depth);
      case '%': return list(value, Value::Kind::list, rest, 2, depth);
      default: malformed("an unknown kind");
    }
  }

 private:
  // Without its end.
  std::optional<std::string_view> line() {
    auto const end = bytes_.find('\r', at_);
    if (std::min(end, bytes_.size()) - at_ > line_bytes_max) malformed("a long line");
    if (end == std::string_view::npos || end + 1 == bytes_.size()) return std::nullopt;
    if (bytes_[end + 1] != '\n') malformed("the end of a line");
    auto const found = bytes_.substr(at_, end - at_);
    if (found.contains('\n')) malformed("the end of a line");
    at_ = end + 2;
    return found;
  }

  static std::int64_t number_of(std::string_view text) {
    std::int64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) malformed("a number");
    return number;
  }
  // -1: a null, as version 2 of the language wrote it.
  static std::int64_t size_of(std::string_view text, std::size_t most) {
    std::int64_t const size = number_of(text);
    if (size < -1 || size > static_cast<std::int64_t>(most)) malformed("a size");
    return size;
  }

  static bool take(Value& value, Value::Kind kind, std::string_view text) {
    value = {.kind = kind, .text = std::string(text)};
    return true;
  }
  static bool take(Value& value, std::int64_t number) {
    value = {.kind = Value::Kind::number, .number = number};
    return true;
  }

  // A verbatim text has its format before it: "txt:".
  bool text(Value& value, Value::Kind kind, std::string_view rest, std::size_t format) {
    auto const size = size_of(rest, text_bytes_max);
    value = {};
    if (size < 0) return true;
    auto const bytes = static_cast<std::size_t>(size);
    if (bytes < format) malformed("a verbatim text");
    if (bytes_.size() - at_ < bytes + 2) return false;
    if (bytes_.substr(at_ + bytes, 2) != "\r\n") malformed("the end of a text");
    if (format > 0 && bytes_[at_ + format - 1] != ':') malformed("a verbatim text");
    take(value, kind, bytes_.substr(at_ + format, bytes - format));
    at_ += bytes + 2;
    return true;
  }

  bool list(Value& value, Value::Kind kind, std::string_view rest, std::size_t each, int depth) {
    auto const size = size_of(rest, items_max / each);
    value = {};
    if (size < 0) return true;
    auto const count = static_cast<std::size_t>(size) * each;
    value.kind = kind;
    for (std::size_t i = 0; i < count; ++i)
      if (!read(value.items.emplace_back(), depth + 1)) return false;
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Value const* Value::find(std::string_view key) const {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i].is(Kind::text) && items[i].text == key) return &items[i + 1];
  return nullptr;
}

std::size_t read_value(std::string_view bytes, Value& value) {
  Reader reader(bytes);
  return reader.read(value, 0) ? reader.at() : 0;
}

void append_command(std::string& bytes, std::initializer_list<std::string_view> words) {
  bytes += '*';
  bytes += std::to_string(words.size());
  bytes += "\r\n";
  for (std::string_view const word : words) {
    bytes += '$';
    bytes += std::to_string(word.size());
    bytes += "\r\n";
    bytes += word;
    bytes += "\r\n";
  }
}

}  // namespace kith::redis
