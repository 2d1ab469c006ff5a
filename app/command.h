#pragma once

// The command line: `kith COMMAND [WORDS] [--option value | --flag]...`. Mistakes are one sentence
// with what would be right, and exit status 2.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"

namespace kith {

struct OptionDoc {
  std::string_view name;   // "--data"
  std::string_view value;  // "DIR"; empty: a flag
  std::string_view meaning;
  bool needed = false;
};

// Of all commands that work on a data folder.
inline constexpr OptionDoc data_option{"--data", "DIR", "the data folder"};
inline constexpr OptionDoc settings_option{"--settings", "FILE", "the server's settings file, if it has one"};

struct CommandDoc {
  std::string_view name;   // "admin account create"
  std::string_view words;  // "NAME"
  std::string_view summary;
  std::vector<OptionDoc> options;
};

// What was typed behind a command's name, checked against its description.
class Typed {
 public:
  // Throws Error{invalid}.
  Typed(CommandDoc const& doc, std::vector<std::string> words);

  std::vector<std::string> const& words() const { return words_; }
  bool has(std::string_view option) const { return options_.contains(std::string(option)); }
  std::string text(std::string_view option, std::string_view otherwise = {}) const;
  std::uint64_t number(std::string_view option, std::uint64_t least, std::uint64_t most) const;
  bool help() const { return help_; }

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::string> options_;
  bool help_ = false;
};

std::string help_of(CommandDoc const& doc);
// The settings file and environment, with --data, --listen and their like on top.
SettingsTold settings_told(Typed const& typed);
LoadedSettings settings_of(Typed const& typed);

struct Command {
  CommandDoc doc;
  std::function<int(Typed const&)> run;
};

std::vector<Command> serve_commands();   // serve
std::vector<Command> demo_commands();    // demo, import
std::vector<Command> admin_commands();   // admin ...
std::vector<Command> keeper_commands();  // rebuild, fsck, compact, migrate
std::vector<Command> show_commands();    // routes, dataflow, settings

}  // namespace kith
