#include "tools/protoc-gen-kith/text.h"

namespace kith_plugin {
namespace {

// A comment of a .proto (lines that begin with the blank behind their slashes) as `//` lines.
std::string comment(std::string_view indent, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const end = text.find('\n');
    std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out.append(indent).append("//").append(line) += '\n';
  }
  return out;
}

}  // namespace

void Text::add(std::string_view pattern, std::initializer_list<std::string_view> arguments) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    bool const place = pattern[i] == '$' && i + 1 < pattern.size() && pattern[i + 1] >= '0' && pattern[i + 1] <= '9';
    if (place)
      text_ += arguments.begin()[pattern[++i] - '0'];
    else
      text_ += pattern[i];
  }
}

void Text::commented(std::string_view indent, std::string_view code, std::string const& above, std::string behind) {
  while (!behind.empty() && (behind.back() == '\n' || behind.back() == ' ')) behind.pop_back();
  text_ += comment(indent, above);
  bool const beside =
      behind.find('\n') == std::string::npos && indent.size() + code.size() + behind.size() + 4 <= line_max;
  if (!behind.empty() && !beside) text_ += comment(indent, behind);
  text_.append(indent).append(code);
  if (!behind.empty() && beside) text_.append("  //").append(behind);
  text_ += '\n';
}

}  // namespace kith_plugin
