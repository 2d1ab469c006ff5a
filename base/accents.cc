#include "base/accents.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "base/text.h"

namespace kith {
namespace {

// What Unicode takes for letters of their own.
std::string_view plain(char32_t code) {
  switch (code) {
    case U'ø': return "o";
    case U'ł': return "l";
    case U'đ':
    case U'ð': return "d";
    case U'ħ': return "h";
    case U'ŧ': return "t";
    case U'ı': return "i";
    case U'æ': return "ae";
    case U'œ': return "oe";
    case U'þ': return "th";
    default: return {};
  }
}

bool is_accent(char32_t code) { return code >= 0x0300 && code <= 0x036F; }

std::string decomposed(std::string_view text) {
  utf8proc_uint8_t* raw = nullptr;
  auto const size =
      utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &raw, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE));
  std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> const held(raw, &std::free);
  return size < 0 ? std::string(text) : std::string(reinterpret_cast<char const*>(raw), static_cast<std::size_t>(size));
}

}  // namespace

std::string unaccented(std::string_view folded) {
  bool ascii = true;
  for (char const byte : folded) ascii = ascii && static_cast<unsigned char>(byte) < 0x80;
  if (ascii) return std::string(folded);
  std::string out;
  std::string const letters = decomposed(as_text(folded));
  char32_t before = 0;
  for (std::size_t at = 0; at < letters.size();) {
    char32_t const code = next_code_point(letters, at);
    // й is no и with an accent to anybody who reads it.
    bool const dropped = is_accent(code) && before != U'и';
    if (!is_accent(code)) before = code;
    if (dropped) continue;
    if (auto const letter = plain(code); !letter.empty())
      out += letter;
    else
      append_code_point(out, code);
  }
  return nfc(out);
}

}  // namespace kith
