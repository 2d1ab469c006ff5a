#include "base/text.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "base/utf8.h"

namespace kith {
namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_ascii(std::string_view text) {
  for (char const byte : text)
    if (static_cast<unsigned char>(byte) >= 0x80) return false;
  return true;
}

utf8proc_category_t category(char32_t code) { return utf8proc_category(static_cast<utf8proc_int32_t>(code)); }

// Walks over the graphemes of a text; next() gives the end of the one that begins where it stands.
class Graphemes {
 public:
  explicit Graphemes(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }

  std::size_t next() {
    char32_t last = next_code_point(text_, at_);
    utf8proc_int32_t state = 0;
    while (!done()) {
      std::size_t behind = at_;
      char32_t const code = next_code_point(text_, behind);
      bool const plain = last < 0x80 && code < 0x80;  // nearly all there is, and needs no table
      if (plain ? !(last == '\r' && code == '\n')
                : utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(last),
                                                   static_cast<utf8proc_int32_t>(code), &state))
        break;
      last = code;
      at_ = behind;
    }
    return at_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::string mapped(std::string_view text, int options) {
  utf8proc_uint8_t* raw = nullptr;
  auto const size =
      utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &raw, static_cast<utf8proc_option_t>(options));
  std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> const held(raw, &std::free);
  if (size < 0) return {};  // no UTF-8: the callers gave UTF-8; no memory: the process ends soon anyway
  return std::string(reinterpret_cast<char const*>(raw), static_cast<std::size_t>(size));
}

}  // namespace

bool is_utf8(std::string_view text) {
  char const* at = text.data();
  char const* const end = at + text.size();
  while (at != end) {
    char32_t code;
    std::size_t const bytes = utf8_step(at, end, code);
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

bool is_text(std::string_view text) { return text.find('\0') == std::string_view::npos && is_utf8(text); }

std::string as_text(std::string_view bytes) {
  if (is_text(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    char32_t const code = next_code_point(bytes, at);
    if (code != 0) append_code_point(out, code);
  }
  return out;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  char32_t code = replacement;
  std::size_t const bytes = utf8_step(text.data() + at, text.data() + text.size(), code);
  at += bytes == 0 ? 1 : bytes;
  return bytes == 0 ? replacement : code;
}

char32_t code_point_before(std::string_view text, std::size_t at) {
  if (at == 0) return replacement;
  std::size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  char32_t code = replacement;
  std::size_t const bytes = utf8_step(text.data() + begin, text.data() + at, code);
  return begin + bytes == at ? code : replacement;
}

void append_code_point(std::string& out, char32_t code) {
  utf8proc_uint8_t bytes[4];
  auto const size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  out.append(reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size));
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) next_code_point(text, at);
  return count;
}

std::size_t graphemes(std::string_view text) {
  std::size_t count = 0;
  for (Graphemes walk(text); !walk.done(); ++count) walk.next();
  return count;
}

std::string_view first_graphemes(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (Graphemes walk(text); !walk.done() && most > 0; --most) end = walk.next();
  return text.substr(0, end);
}

std::string_view first_bytes(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = 0;
  for (Graphemes walk(text); !walk.done();) {
    std::size_t const next = walk.next();
    if (next > most) break;
    end = next;
  }
  return text.substr(0, end);
}

std::string fold(std::string_view text) {
  if (is_ascii(text)) {
    std::string out(text);
    for (char& byte : out)
      if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return out;
  }
  constexpr int nfkc_casefold =
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
  std::string out = mapped(as_text(text), nfkc_casefold);
  // A folded letter may compose anew with the mark behind it; once or twice more and nothing moves.
  for (int round = 0; round < 4; ++round) {
    std::string again = mapped(out, nfkc_casefold);
    if (again == out) break;
    out = std::move(again);
  }
  return out;
}

std::string nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  return mapped(as_text(text), UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::optional<std::string> handle_key(std::string_view handle) {
  if (handle.starts_with('@')) handle.remove_prefix(1);
  if (handle.empty() || handle.size() > 4 * handle_max) return std::nullopt;
  std::string key = fold(handle);
  if (key.empty() || key.size() > handle_max) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    char const byte = key[i];
    bool const word = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
    bool const inside = (byte == '.' || byte == '-') && i > 0 && i + 1 < key.size();
    if (!word && !inside) return std::nullopt;
  }
  return key;
}

bool is_letter(char32_t code) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  auto const kind = category(code);
  return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO) || kind == UTF8PROC_CATEGORY_NL;
}

bool is_digit(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return category(code) == UTF8PROC_CATEGORY_ND;
}

bool is_mark(char32_t code) {
  if (code < 0x80) return false;
  auto const kind = category(code);
  return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC || kind == UTF8PROC_CATEGORY_ME;
}

bool is_space(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r');
  if (code == 0x85) return true;
  auto const kind = category(code);
  return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL || kind == UTF8PROC_CATEGORY_ZP;
}

bool is_hidden(char32_t code) {
  if (code < 0xAD) return code < 0x20 || (code >= 0x7F && code < 0xA0);
  switch (code) {
    case 0x00AD:  // soft hyphen
    case 0x061C:
    case 0x115F:
    case 0x1160:
    case 0x3164:
    case 0xFFA0:  // Hangul fillers: names that look empty
    case 0x180E:
    case 0x200B:
    case 0x200E:
    case 0x200F:
    case 0xFEFF:
    case 0xE0001: return true;
    default: break;
  }
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || (code >= 0xFFF0 && code <= 0xFFFB);
}

std::string_view trim(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t behind = begin;
    char32_t const code = next_code_point(text, behind);
    if (!is_space(code) && !is_hidden(code)) break;
    begin = behind;
  }
  std::size_t end = text.size();
  while (end > begin) {
    char32_t const code = code_point_before(text, end);
    if (!is_space(code) && !is_hidden(code)) break;
    end -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return text.substr(begin, end - begin);
}

std::string unix_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out += text[i];
    } else {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    }
  }
  return out;
}

}  // namespace kith
