#include "tools/protoc-gen-kith/names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace kith_plugin {
namespace {

constexpr std::array<std::string_view, 96> keywords = {
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
    // Not keywords, but macros of <errno.h>, <signal.h> and their like.
    "errno",
    "stdin",
    "stdout",
    "stderr",
};

char lowered(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }
bool is_upper(char letter) { return std::isupper(static_cast<unsigned char>(letter)) != 0; }

}  // namespace

std::string snake_case(std::string_view camel) {
  std::string out;
  for (std::size_t i = 0; i < camel.size(); ++i) {
    bool const begins_word = i > 0 && is_upper(camel[i]) && camel[i - 1] != '_' &&
                             (!is_upper(camel[i - 1]) || (i + 1 < camel.size() && !is_upper(camel[i + 1])));
    if (begins_word) out += '_';
    out += lowered(camel[i]);
  }
  return out;
}

std::string upper_snake_case(std::string_view camel) {
  std::string out = snake_case(camel);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lowered);
  return out;
}

std::string not_a_keyword(std::string name) {
  if (std::ranges::find(keywords, name) != keywords.end()) name += '_';
  return name;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char const letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    if (letter == '\n')
      out += "\\n";
    else
      out += letter;
  }
  return out + '"';
}

}  // namespace kith_plugin
