#include "app/settings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <functional>
#include <optional>

#include "app/settings_checks.h"
#include "app/settings_file.h"
#include "app/settings_table.h"
#include "app/settings_words.h"
#include "base/error.h"
#include "base/password_file.h"

namespace kith {
namespace {

using Kind = Setting::Kind;

std::string environment_name(std::string_view name) {
  std::string upper = "KITH_";
  for (char const c : name) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return upper;
}

[[noreturn]] void wrong(std::string const& where, Setting const& setting, std::vector<std::string> const& texts) {
  std::string const is = setting.secret ? std::string("not right") : joined(texts);
  std::string_view near;
  for (std::string const& text : texts)
    if (std::ranges::find(setting.words, text) == setting.words.end()) near = nearest(text, setting.words);
  throw Error{Code::invalid, where + " is " + is + ", but must be " + setting.values +
                                 (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?")};
}

void set(Settings& settings, Setting const& setting, std::vector<std::string> texts, std::string const& where) {
  for (std::string const& text : texts)
    if (!is_setting_text(text)) throw Error{Code::invalid, where + " holds bytes that are no UTF-8"};
  if (!setting.set(settings, texts)) wrong(where, setting, texts);
}

// One value of the environment or the command line: a list's values are set apart by commas, those of
// rules, which have commas of their own, by line ends.
void set_text(Settings& settings, Setting const& setting, std::string const& text, std::string const& where) {
  if (!setting.list) return set(settings, setting, {text}, where);
  set(settings, setting, split(text, setting.name == "community_rules" ? '\n' : ','), where);
}

std::string nearest_setting(std::string_view name) {
  std::vector<std::string_view> names;
  for (Setting const& one : all_settings()) names.push_back(one.name);
  return std::string(nearest(name, names));
}

void read_file(Settings& settings, std::string const& file) {
  for (FileValue& value : read_settings_file(file)) {
    std::string const line = file + ':' + std::to_string(value.line) + ": ";
    Setting const* const setting = find_setting(value.name);
    if (setting == nullptr) {
      std::string const near = nearest_setting(value.name);
      throw Error{Code::invalid, line + "unknown setting '" + value.name + "'" +
                                     (near.empty() ? " (kith settings lists all)" : ": did you mean '" + near + "'?")};
    }
    if (std::ranges::find(setting->kinds, value.kind) == setting->kinds.end())
      throw Error{Code::invalid, line + value.name + " must be " + setting->values +
                                     (setting->bare                ? ", without quotes"
                                      : value.kind == Kind::number ? ", in quotes"
                                                                   : "")};
    set(settings, *setting, std::move(value.texts), line + value.name);
  }
}

void read_password(Settings& settings) {
  std::string const& file = settings.mail_smtp_password_file;
  if (file.empty()) return;
  if (!settings.mail_smtp_password.empty())
    throw Error{Code::invalid, "mail_smtp_password and mail_smtp_password_file are both set: use one of them"};
  settings.mail_smtp_password = password_in(file, "mail_smtp_password_file", Code::invalid);
}

std::string quoted(std::string const& text) {
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\')
      out.append({'\\', c});
    else if (static_cast<unsigned char>(c) < ' ' || c == '\x7F')
      out.append({'\\', 'u', '0', '0', "0123456789ABCDEF"[c >> 4 & 15], "0123456789ABCDEF"[c & 15]});
    else
      out += c;
  }
  return out + '"';
}

std::string file_value(Setting const& setting, Settings const& settings) {
  auto const texts = setting.get(settings);
  if (!setting.list) return setting.bare ? texts.front() : quoted(texts.front());
  std::string out = "[";
  for (std::string const& text : texts) out += (out.size() > 1 ? ", " : "") + quoted(text);
  return out + ']';
}

}  // namespace

Environment environment() {
  Environment all;
  for (char** at = environ; *at != nullptr; ++at) {
    std::string_view const entry = *at;
    std::size_t const equals = entry.find('=');
    if (entry.starts_with("KITH_") && equals != std::string_view::npos)
      all.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return all;
}

namespace {

// What lies where many processes read it, and what it may not say.
void read_shared(Settings& settings, std::vector<SettingFrom> const& shared) {
  for (SettingFrom const& one : shared) {
    Setting const* const setting = find_setting(one.name);
    if (setting == nullptr) {
      std::string const near = nearest_setting(one.name);
      throw Error{Code::invalid, one.source + " is no setting" +
                                     (near.empty() ? " (kith settings lists all)" : ": did you mean '" + near + "'?")};
    }
    if (setting->secret) throw Error{Code::invalid, one.source + " is a secret: it belongs in a file of its own"};
    if (one.name.starts_with("consul_"))
      throw Error{Code::invalid, one.source + " says where it is itself: it belongs in the settings file"};
    set_text(settings, *setting, one.value, one.source);
  }
}

LoadedSettings merged(SettingsTold const& told) {
  LoadedSettings loaded;
  if (!told.file.empty()) read_file(loaded.settings, told.file);
  read_shared(loaded.settings, told.shared);
  for (auto const& [name, value] : told.environment) {
    if (!name.starts_with("KITH_")) continue;
    std::string lower = name.substr(5);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    Setting const* const setting = find_setting(lower);
    if (setting != nullptr && name == environment_name(setting->name)) {
      set_text(loaded.settings, *setting, value, name);
      continue;
    }
    std::string const near = nearest_setting(lower);
    loaded.warnings.push_back(name + " in the environment is no setting" +
                              (near.empty() ? "" : ": did you mean " + environment_name(near) + "?"));
  }
  for (SettingFrom const& option : told.options) {
    Setting const* const setting = find_setting(option.name);
    if (setting == nullptr) throw Error{Code::invalid, "There is no setting '" + option.name + "'"};
    set_text(loaded.settings, *setting, option.value, option.source);
  }
  return loaded;
}

}  // namespace

LoadedSettings load_settings(SettingsTold const& told) {
  LoadedSettings loaded = merged(told);
  read_password(loaded.settings);
  check_together(loaded.settings);
  return loaded;
}

LoadedSettings load_settings(std::string const& file, Environment const& environment,
                             std::vector<SettingFrom> const& options) {
  return load_settings({.file = file, .environment = environment, .options = options});
}

Settings settings_so_far(SettingsTold const& told) { return merged(told).settings; }

SettingsChange change_live(Settings const& current, Settings const& wanted) {
  SettingsChange change{.settings = current};
  for (Setting const& one : all_settings()) {
    auto const texts = one.get(wanted);
    if (texts == one.get(current)) continue;
    if (one.live) one.set(change.settings, texts);
    (one.live ? change.changed : change.waiting).push_back(one.name);
  }
  check_together(change.settings);
  return change;
}

std::vector<SettingDescription> describe_settings(Settings const& settings) {
  Settings const defaults;
  std::vector<SettingDescription> all;
  for (Setting const& one : all_settings()) {
    bool const hidden = one.secret && one.get(settings) != one.get(defaults);
    all.push_back({.name = one.name,
                   .environment = environment_name(one.name),
                   .group = one.group,
                   .meaning = one.meaning,
                   .values = one.values,
                   .by_default = file_value(one, defaults),
                   .value = hidden ? "(hidden)" : file_value(one, settings),
                   .live = one.live});
  }
  return all;
}

std::string settings_file(Settings const& settings, std::string_view head) {
  std::string out(head);
  std::string group;
  for (Setting const& one : all_settings()) {
    if (one.group != group) out += "\n# --- " + (group = one.group) + " ---\n";
    out +=
        "\n# " + one.meaning + "\n# " + one.values + "; " + environment_name(one.name) + (one.live ? "; live\n" : "\n");
    out += one.name + " = " + (one.secret ? "\"\"" : file_value(one, settings)) + '\n';
  }
  return out;
}

}  // namespace kith
