#pragma once

// Every setting there is, declared once: how it is told, how its value becomes text and back, and whether it may change
// while serving. For what reads, prints and compares settings.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "app/settings_file.h"

namespace kith {

struct Setting {
  using Kind = FileValue::Kind;

  std::string group;
  std::string name;
  std::string meaning;
  std::string values;
  bool secret = false;
  bool list = false;
  bool live = false;        // may change while serving
  std::vector<Kind> kinds;  // that it may have in the file
  std::function<bool(Settings&, std::vector<std::string> const&)> set;
  std::function<std::vector<std::string>(Settings const&)> get;
  bool bare = false;                         // written in the file without quotes
  std::vector<std::string_view> words = {};  // all that a value may be, for the one that was probably meant
};

// In the order of the file.
std::vector<Setting> const& all_settings();
Setting const* find_setting(std::string_view name);

}  // namespace kith
