#pragma once

// The text of a generated file, made piece by piece.

#include <google/protobuf/descriptor.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace kith_plugin {

inline constexpr std::size_t line_max = 120;

class Text {
 public:
  // Appends `pattern` with $0 ... $9 replaced by the arguments.
  template <class... Argument>
  void operator()(std::string_view pattern, Argument const&... arguments) {
    add(pattern, {std::string_view(arguments)...});
  }
  // One line of code with the comments its declaration has in the .proto: above it, and behind it
  // where that fits.
  template <class Described>
  void described(std::string_view indent, std::string_view code, Described const& from) {
    google::protobuf::SourceLocation at;
    from.GetSourceLocation(&at);
    commented(indent, code, at.leading_comments, at.trailing_comments);
  }

  std::string take() { return std::move(text_); }

 private:
  void add(std::string_view pattern, std::initializer_list<std::string_view> arguments);
  void commented(std::string_view indent, std::string_view code, std::string const& above, std::string behind);

  std::string text_;
};

}  // namespace kith_plugin
