#include "app/settings_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/error.h"
#include "base/text.h"

namespace kith {
namespace {

FileValue::Kind kind_of(toml::node const& node) {
  if (node.is_string()) return FileValue::Kind::text;
  if (node.is_integer()) return FileValue::Kind::number;
  if (node.is_boolean()) return FileValue::Kind::flag;
  return FileValue::Kind::other;
}

std::string text_of(toml::node const& node) {
  if (auto const text = node.as_string()) return text->get();
  if (auto const number = node.as_integer()) return std::to_string(number->get());
  if (auto const flag = node.as_boolean()) return flag->get() ? "on" : "off";
  return {};
}

void collect(toml::table const& table, std::string const& prefix, std::vector<FileValue>& values) {
  for (auto const& [key, node] : table) {
    std::string const name = prefix + std::string(key.str());
    if (auto const section = node.as_table()) {
      collect(*section, name + '_', values);
      continue;
    }
    FileValue value{.name = name, .kind = kind_of(node), .texts = {text_of(node)}, .line = key.source().begin.line};
    if (auto const list = node.as_array()) {
      value.kind = FileValue::Kind::list;
      value.texts.clear();
      for (toml::node const& one : *list) {
        if (kind_of(one) == FileValue::Kind::other) value.kind = FileValue::Kind::other;
        value.texts.push_back(text_of(one));
      }
    }
    values.push_back(std::move(value));
  }
}

}  // namespace

std::vector<FileValue> read_settings_file(std::string const& file) {
  std::error_code ignored;
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, ignored))
    throw Error{Code::invalid,
                "Cannot read the settings file " + file + ": " + std::generic_category().message(in ? EISDIR : errno)};
  std::ostringstream text;
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (text.view().size() > settings_file_bytes_max)
    throw Error{Code::invalid, "The settings file " + file + " is larger than 1 MiB: that is not one"};
  std::vector<FileValue> values;
  try {
    collect(toml::parse(text.view()), "", values);
  } catch (toml::parse_error const& error) {
    std::string const where = file + ':' + std::to_string(error.source().begin.line) + ": ";
    throw Error{Code::invalid, where + "this is not TOML: " + std::string(as_text(error.description()))};
  }
  std::ranges::stable_sort(values, {}, &FileValue::line);
  return values;
}

}  // namespace kith
