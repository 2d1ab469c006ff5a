#include "services/search/words.h"

#include <algorithm>

#include "base/accents.h"
#include "base/text.h"

namespace kith::search {

std::vector<std::string> words_of(std::string_view text, std::size_t most) {
  std::string const folded = unaccented(fold(text));
  std::vector<std::string> words;
  std::size_t begin = 0;
  auto const take = [&](std::size_t end) {
    if (end > begin && words.size() < most) {
      std::string word(std::string_view(folded).substr(begin, std::min<std::size_t>(end - begin, 60)));
      if (!is_utf8(word)) word = std::string(first_bytes(std::string_view(folded).substr(begin, end - begin), 60));
      if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
    }
  };
  for (std::size_t at = 0; at < folded.size();) {
    std::size_t const here = at;
    char32_t const code = next_code_point(folded, at);
    if (is_letter(code) || is_digit(code) || is_mark(code) || code == U'_') continue;
    take(here);
    begin = at;
  }
  take(folded.size());
  return words;
}

IndexedWord indexed(std::string_view folded) {
  std::string const word = unaccented(folded);
  std::size_t at = 0;
  for (int letters = 0; letters < 2 && at < word.size(); ++letters) next_code_point(word, at);
  return {word.substr(0, at), word.substr(at)};
}

}  // namespace kith::search
