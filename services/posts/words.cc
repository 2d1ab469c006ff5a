#include "services/posts/words.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace kith::posts {
namespace {

constexpr std::size_t language_bytes_max = 35;  // what BCP 47 advises to hold
// No text of so many characters as people count needs more; counting graphemes of more is work for nothing.
constexpr std::size_t bytes_a_character = 32;

std::string clean(std::string_view text) {
  if (!is_text(text)) throw Error{Code::invalid, "This text is not valid UTF-8"};
  return std::string(trim(nfc(unix_lines(text))));
}

// A tag of BCP 47 by its form: "en", "pt-BR", "zh-Hant-TW".
bool is_language(std::string_view tag) {
  if (tag.size() > language_bytes_max) return false;
  std::size_t part = 0;
  std::size_t length = 0;
  for (char const byte : tag) {
    bool const letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    bool const digit = byte >= '0' && byte <= '9';
    if (byte == '-') {
      if (length < (part == 0 ? 2u : 1u)) return false;
      ++part;
      length = 0;
    } else if ((letter || (digit && part > 0)) && length < (part == 0 ? 3u : 8u)) {
      ++length;
    } else {
      return false;
    }
  }
  return length >= (part == 0 ? 2u : 1u);
}

}  // namespace

std::vector<std::string> Words::tags() const {
  std::vector<std::string> written;
  std::vector<std::string_view> known;
  for (text::Tag const& tag : entities.tags) {
    if (std::ranges::find(known, tag.name) != known.end()) continue;
    known.push_back(tag.name);
    std::string_view name = std::string_view(text).substr(tag.at.begin, tag.at.end - tag.at.begin);
    std::size_t hash = 0;
    next_code_point(name, hash);  // `#`, or the wide one of Japanese keyboards
    written.emplace_back(name.substr(hash));
  }
  return written;
}

Words words_of(std::string_view text, std::string_view warning, bool sensitive, std::string_view language,
               WordLimits const& limits) {
  std::string const too_long = "A post has at most " + std::to_string(limits.characters_max) + " characters";
  if (text.size() + warning.size() > limits.characters_max * bytes_a_character) throw Error{Code::invalid, too_long};
  Words words{.text = clean(text), .warning = clean(warning)};
  // What is only a warning is meant as the text.
  if (words.text.empty()) words.text = std::exchange(words.warning, {});
  if (words.text.empty()) throw Error{Code::invalid, "A post needs text"};
  if (text::count_characters(words.text, limits.own_host) + graphemes(words.warning) > limits.characters_max)
    throw Error{Code::invalid, too_long};
  if (!language.empty() && !is_language(language)) throw Error{Code::invalid, "There is no such language"};
  words.sensitive = sensitive || !words.warning.empty();
  words.language = language;
  words.entities = text::extract(words.text, limits.own_host);
  return words;
}

}  // namespace kith::posts
