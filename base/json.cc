#include "base/json.h"

#include <charconv>
#include <cstring>

#include "base/utf8.h"

namespace kith {
namespace {

constexpr std::uint64_t ones = 0x0101010101010101u;
constexpr std::uint64_t tops = 0x8080808080808080u;

// Has any byte below `n` (n <= 0x80) its top bit set in the answer? Bytes above 0x7F may show as well.
constexpr std::uint64_t below(std::uint64_t word, std::uint64_t n) { return (word - ones * n) & ~word & tops; }
constexpr std::uint64_t equal(std::uint64_t word, char byte) {
  return below(word ^ (ones * static_cast<unsigned char>(byte)), 1);
}

template <bool Html>
bool needs_care(char byte) {
  auto const code = static_cast<unsigned char>(byte);
  if (Html && (byte == '<' || byte == '>' || byte == '&')) return true;
  return code < 0x20 || code >= 0x80 || byte == '"' || byte == '\\';
}

// The first byte at or behind `at` that cannot simply be copied.
template <bool Html>
char const* plain_until(char const* at, char const* end) {
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    std::uint64_t care = below(word, 0x20) | equal(word, '"') | equal(word, '\\') | (word & tops);
    if constexpr (Html) care |= equal(word, '<') | equal(word, '>') | equal(word, '&');
    if (care != 0) return at + (__builtin_ctzll(care) >> 3);  // little endian: the lowest byte comes first
    at += 8;
  }
  while (at != end && !needs_care<Html>(*at)) ++at;
  return at;
}

void append_hex(std::string& out, unsigned code) {
  static constexpr char digits[] = "0123456789abcdef";
  char const text[6] = {
      '\\', 'u', digits[code >> 12 & 15], digits[code >> 8 & 15], digits[code >> 4 & 15], digits[code & 15]};
  out.append(text, 6);
}

void append_escape(std::string& out, char byte) {
  switch (byte) {
    case '"': out.append("\\\"", 2); break;
    case '\\': out.append("\\\\", 2); break;
    case '\n': out.append("\\n", 2); break;
    case '\r': out.append("\\r", 2); break;
    case '\t': out.append("\\t", 2); break;
    default: append_hex(out, static_cast<unsigned char>(byte));
  }
}

template <bool Html>
void append_escaped(std::string& out, std::string_view text) {
  char const* const end = text.data() + text.size();
  char const* copied = text.data();
  char const* at = copied;
  out += '"';
  while ((at = plain_until<Html>(at, end)) != end) {
    if (static_cast<unsigned char>(*at) >= 0x80) {
      char32_t code = 0;
      std::size_t const bytes = utf8_step(at, end, code);
      if (bytes != 0 && code != 0x2028 && code != 0x2029) {
        at += bytes;
        continue;
      }
      out.append(copied, at);
      append_hex(out, bytes == 0 ? 0xFFFD : static_cast<unsigned>(code));
      at += bytes == 0 ? 1 : bytes;
    } else {
      out.append(copied, at);
      append_escape(out, *at++);
    }
    copied = at;
  }
  out.append(copied, end);
  out += '"';
}

template <class Number>
void append_any(std::string& out, Number number) {
  char digits[24];
  auto const [end, failure] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

}  // namespace

void append_json(std::string& out, std::string_view text) { append_escaped<false>(out, text); }
void append_json_in_html(std::string& out, std::string_view text) { append_escaped<true>(out, text); }

void append_number(std::string& out, std::uint64_t number) { append_any(out, number); }
void append_number(std::string& out, std::int64_t number) { append_any(out, number); }

void append_json_id(std::string& out, std::uint64_t id) {
  if (id == 0) {
    out.append("null", 4);
    return;
  }
  out += '"';
  append_any(out, id);
  out += '"';
}

void append_json_time(std::string& out, Time time) {
  if (time == no_time) {
    out.append("null", 4);
    return;
  }
  out += '"';
  append_iso_time(out, time);
  out += '"';
}

JsonWriter& JsonWriter::comma() {
  if (more_) out_ += ',';
  more_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view key) {
  comma();
  out_ += '"';
  out_ += key;
  out_.append("\":", 2);
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  comma();
  return open_value(bracket);
}

JsonWriter& JsonWriter::open_value(char bracket) {
  out_ += bracket;
  more_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  more_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view key, std::string_view value) {
  this->key(key);
  append_json(out_, value);
  return *this;
}

JsonWriter& JsonWriter::text_or_null(std::string_view key, std::string_view value) {
  return value.empty() ? null(key) : text(key, value);
}

JsonWriter& JsonWriter::yes(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }

JsonWriter& JsonWriter::number(std::string_view key, std::uint64_t value) {
  this->key(key);
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::id(std::string_view key, std::uint64_t value) {
  this->key(key);
  append_json_id(out_, value);
  return *this;
}

JsonWriter& JsonWriter::time(std::string_view key, Time value) {
  this->key(key);
  append_json_time(out_, value);
  return *this;
}

JsonWriter& JsonWriter::date(std::string_view key, Time value) {
  return value == no_time ? null(key) : text(key, iso_date(value));
}

JsonWriter& JsonWriter::null(std::string_view key) { return raw(key, "null"); }

JsonWriter& JsonWriter::raw(std::string_view key, std::string_view json) {
  this->key(key);
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::text_item(std::string_view value) {
  comma();
  append_json(out_, value);
  return *this;
}

JsonWriter& JsonWriter::id_item(std::uint64_t value) {
  comma();
  append_json_id(out_, value);
  return *this;
}

JsonWriter& JsonWriter::raw_item(std::string_view json) {
  comma();
  out_ += json;
  return *this;
}

}  // namespace kith
