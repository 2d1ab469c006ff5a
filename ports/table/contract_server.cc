#include "ports/table/contract_server.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <vector>

extern char** environ;

namespace kith::contract {
namespace {

std::string folder_of_this_program() {
  return std::filesystem::temp_directory_path() / ("engines-" + std::to_string(::getpid()));
}

}  // namespace

bool engine_is_tried(std::initializer_list<char const*> files) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  if (std::getenv("KITH_GATE") != nullptr) return true;
  return std::ranges::all_of(files, [](char const* file) { return std::filesystem::exists(file); });
}

std::string another_authority() {
  auto const folder = std::filesystem::absolute("another-authority");
  std::string const command = (std::filesystem::path(KITH_ENGINES_TOOL).parent_path() / "authority.sh").string() + ' ' +
                              folder.string() + " >&2";
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the test waits here, and does nothing else
  if (std::system(command.c_str()) != 0) throw std::runtime_error("no authority could be made in " + folder.string());
  return folder / "authority.pem";
}

OwnServer::OwnServer(std::string name) : name_(std::move(name)), folder_(folder_of_this_program()) {
  std::filesystem::create_directories(folder_);
  std::array<int, 2> input{}, output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for the engines");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  std::vector<std::string> words{KITH_ENGINES_TOOL, "hold", name_, folder_};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int const failed = ::posix_spawn(&process_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  std::FILE* const lines = ::fdopen(output[0], "r");
  std::array<char, 1024> line{};
  while (failed == 0 && lines != nullptr && std::fgets(line.data(), line.size(), lines) != nullptr && line[0] != '\n') {
    std::string text = line.data();
    text.pop_back();
    auto const equals = text.find('=');
    if (equals != std::string::npos) said_[text.substr(0, equals)] = text.substr(equals + 1);
  }
  if (lines != nullptr) std::fclose(lines);
  if (said_.empty()) throw std::runtime_error(name_ + " did not start: see " + folder_ + " and what stands above");
}

OwnServer::~OwnServer() {
  ::close(input_);
  int status = 0;
  ::waitpid(process_, &status, 0);
  std::error_code ignored;
  std::filesystem::remove_all(std::filesystem::path(folder_) / name_, ignored);
  std::filesystem::remove(folder_, ignored);  // the last one
}

void OwnServer::crash() {
  std::string const command = std::string(KITH_ENGINES_TOOL) + " crash " + name_ + " " + folder_;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the test waits here, and does nothing else
  if (std::system(command.c_str()) != 0) throw std::runtime_error(name_ + " did not come back after its crash");
}

}  // namespace kith::contract
