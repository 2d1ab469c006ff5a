#include "app/command.h"

#include <algorithm>

#include "app/settings_source.h"
#include "base/error.h"

namespace kith {

Typed::Typed(CommandDoc const& doc, std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string& word = words[i];
    if (word == "--help" || word == "-h") {
      help_ = true;
      return;
    }
    if (!word.starts_with("--")) {
      words_.push_back(std::move(word));
      continue;
    }
    std::optional<std::string> value;
    if (auto const mark = word.find('='); mark != std::string::npos) {
      value = word.substr(mark + 1);
      word.resize(mark);
    }
    auto const known = std::ranges::find(doc.options, word, &OptionDoc::name);
    if (known == doc.options.end())
      throw Error{Code::invalid, "kith " + std::string(doc.name) + " has no option " + word + "; kith " +
                                     std::string(doc.name) + " --help shows those it has"};
    if (known->value.empty()) {
      options_[word] = "";
      continue;
    }
    if (!value) {
      if (i + 1 >= words.size())
        throw Error{Code::invalid, word + " needs a value: " + word + " " + std::string(known->value)};
      value = std::move(words[++i]);
    }
    options_[word] = std::move(*value);
  }
  if (doc.words.empty() && !words_.empty())
    throw Error{Code::invalid, "kith " + std::string(doc.name) + " takes no \"" + words_.front() + "\"; kith " +
                                   std::string(doc.name) + " --help shows what it takes"};
  for (OptionDoc const& option : doc.options)
    if (option.needed && !has(option.name))
      throw Error{Code::invalid, "kith " + std::string(doc.name) + " needs " + std::string(option.name) + " " +
                                     std::string(option.value)};
}

std::string Typed::text(std::string_view option, std::string_view otherwise) const {
  auto const found = options_.find(std::string(option));
  return found == options_.end() ? std::string(otherwise) : found->second;
}

std::uint64_t Typed::number(std::string_view option, std::uint64_t least, std::uint64_t most) const {
  std::string const digits = text(option);
  std::uint64_t value = 0;
  bool right = !digits.empty() && digits.size() < 19;
  for (char const c : digits) {
    right = right && c >= '0' && c <= '9';
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (!right || value < least || value > most)
    throw Error{Code::invalid, std::string(option) + " must be a number from " + std::to_string(least) + " to " +
                                   std::to_string(most)};
  return value;
}

std::string help_of(CommandDoc const& doc) {
  std::string out = "kith " + std::string(doc.name);
  if (!doc.words.empty()) out += " " + std::string(doc.words);
  for (OptionDoc const& option : doc.options) {
    std::string one = std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
    out += option.needed ? " " + one : " [" + one + "]";
  }
  out += "\n\n" + std::string(doc.summary) + "\n";
  if (!doc.options.empty()) out += "\n";
  for (OptionDoc const& option : doc.options) {
    std::string one = "  " + std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
    if (one.size() < 28) one.resize(28, ' ');
    out += one + " " + std::string(option.meaning) + "\n";
  }
  return out;
}

SettingsTold settings_told(Typed const& typed) {
  std::vector<SettingFrom> options;
  for (auto const& [option, setting] :
       {std::pair("--data", "data"), std::pair("--listen", "listen"), std::pair("--tls-listen", "tls_listen"),
        std::pair("--tls-certificate", "tls_certificate"), std::pair("--tls-key", "tls_key"),
        std::pair("--base-url", "base_url"), std::pair("--roles", "roles"), std::pair("--rpc-folder", "rpc_folder")})
    if (typed.has(option)) options.push_back({setting, typed.text(option), option});
  return {.file = typed.text("--settings"), .environment = environment(), .options = std::move(options)};
}

LoadedSettings settings_of(Typed const& typed) { return load_shared(settings_told(typed)).loaded; }

}  // namespace kith
