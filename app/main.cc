// kith: one program for serving, importing, administering and looking after a community.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "app/command.h"
#include "app/version.h"
#include "base/error.h"

#ifdef KITH_PROFILED
extern "C" int __llvm_profile_write_file();  // the compiler's, which else writes when global objects end
#endif

namespace {

using namespace kith;

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (auto const part : {&serve_commands, &demo_commands, &admin_commands, &keeper_commands, &show_commands})
    std::ranges::move(part(), std::back_inserter(all));
  return all;
}

void print(std::FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

std::string overview(std::vector<Command> const& commands) {
  std::string out = "kith " + std::string(version) + ", a social network server\n\n";
  for (Command const& command : commands) {
    std::string line = "  kith " + std::string(command.doc.name);
    if (!command.doc.words.empty()) line += " " + std::string(command.doc.words);
    if (line.size() < 44) line.resize(44, ' ');
    auto const& summary = command.doc.summary;
    out += line + " " + std::string(summary.substr(0, summary.find('\n'))) + "\n";
  }
  return out + "\nkith COMMAND --help says more.\n";
}

// The command whose name has the most words of those typed.
Command const* find(std::vector<Command> const& commands, std::vector<std::string>& words) {
  Command const* found = nullptr;
  std::size_t used = 0;
  for (Command const& command : commands) {
    std::string typed;
    for (std::size_t count = 1; count <= words.size(); ++count) {
      typed += (typed.empty() ? "" : " ") + words[count - 1];
      if (typed == command.doc.name && count > used) {
        found = &command;
        used = count;
      }
    }
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(used));
  return found;
}

int run(std::vector<std::string> words) {
  auto const commands = all_commands();
  if (words.empty() || words.front() == "--help" || words.front() == "-h" || words.front() == "help") {
    print(stdout, overview(commands));
    return 0;
  }
  if (words.front() == "--version" || words.front() == "version") {
    print(stdout, "kith " + std::string(version) + "\n");
    return 0;
  }
  std::string const typed = words.front();
  Command const* const command = find(commands, words);
  if (command == nullptr) {
    // Part of a name: show what it could become.
    std::vector<Command> near;
    for (Command const& each : commands)
      if (each.doc.name.starts_with(typed + " ")) near.push_back(each);
    if (!near.empty() && (words.size() == 1 || words[1] == "--help")) {
      print(stdout, overview(near));
      return words.size() == 1 ? 2 : 0;
    }
    std::string const whole = near.empty() ? typed : typed + " " + words[1];
    throw Error{Code::invalid, "There is no command \"" + whole + "\"; kith " + (near.empty() ? "" : typed + " ") +
                                   "--help lists those there are"};
  }
  Typed const options(command->doc, std::move(words));
  if (options.help()) {
    print(stdout, help_of(command->doc));
    return 0;
  }
  return command->run(options);
}

int run_or_say(std::vector<std::string> words) {
  try {
    return run(std::move(words));
  } catch (Error const& error) {
    print(stderr, "kith: " + error.say + (error.detail.empty() ? "" : " (" + error.detail + ")") + "\n");
    return error.code == Code::invalid ? 2 : 1;
  } catch (std::exception const& failure) {
    print(stderr, std::string("kith: this should not have happened: ") + failure.what() + "\n");
    return 1;
  }
}

}  // namespace

int main(int count, char** arguments) {
  int const status = run_or_say(std::vector<std::string>(arguments + 1, arguments + count));
  // Without the destructors of global objects: threads of engines' clients may still use theirs.
  std::fflush(nullptr);
#ifdef KITH_PROFILED
  __llvm_profile_write_file();
#endif
  std::_Exit(status);
}
