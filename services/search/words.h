#pragma once

// Words as they are indexed and looked for.

#include <string>
#include <string_view>
#include <vector>

namespace kith::search {

// Folded runs of letters, digits and _ without their accents, each once, at most so many.
std::vector<std::string> words_of(std::string_view text, std::size_t most);

// A word as the index has it, without accents: its first two letters, and what follows.
struct IndexedWord {
  std::string start;
  std::string rest;
};
IndexedWord indexed(std::string_view folded);

}  // namespace kith::search
