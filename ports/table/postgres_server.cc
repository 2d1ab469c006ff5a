#include "ports/table/postgres_server.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

extern char** environ;

namespace kith::contract {
namespace {

std::string folder_of_this_program() {
  char const* const own = std::getenv("TMPDIR");
  return (own != nullptr ? std::filesystem::path(own) : std::filesystem::temp_directory_path()) /
         ("engines-" + std::to_string(::getpid()));
}

}  // namespace

bool PostgresServer::here() {
  // In the gate it must be there: a test that fails for want of it is better than one that is not made.
  return std::getenv("KITH_GATE") != nullptr || std::filesystem::exists("/usr/lib/postgresql");
}

PostgresServer& PostgresServer::own() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() : folder_(folder_of_this_program()) {
  std::filesystem::create_directories(folder_);
  std::array<int, 2> input{}, output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe for the engines");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  std::vector<std::string> words{KITH_ENGINES_TOOL, "hold", "postgres", folder_};
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
  while (failed == 0 && std::fgets(line.data(), line.size(), lines) != nullptr && line[0] != '\n') {
    std::string text = line.data();
    text.pop_back();
    if (text.starts_with("POSTGRES=")) address_ = text.substr(9);
    if (text.starts_with("POSTGRES_PASSWORD_FILE=")) password_file_ = text.substr(23);
  }
  std::fclose(lines);
  if (address_.empty()) throw std::runtime_error("PostgreSQL did not start: see " + folder_ + " and what stands above");
}

PostgresServer::~PostgresServer() {
  ::close(input_);
  int status = 0;
  ::waitpid(process_, &status, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string PostgresServer::port() const {
  auto const colon = address_.rfind(':');
  return address_.substr(colon + 1, address_.rfind('/') - colon - 1);
}

std::string PostgresServer::database(std::string const& name) const {
  return address_.substr(0, address_.rfind('/') + 1) + name;
}

PostgresSession PostgresServer::session(std::string const& database) {
  std::ifstream file(password_file_);
  std::string password;
  std::getline(file, password);
  return {this->database(database), password};
}

PostgresSession::PostgresSession(std::string const& address, std::string const& password) {
  std::array const names{"dbname", "password", static_cast<char const*>(nullptr)};
  std::array const values{address.c_str(), password.c_str(), static_cast<char const*>(nullptr)};
  connected_ = {PQconnectdbParams(names.data(), values.data(), 1), &PQfinish};
}

std::string PostgresSession::ask(std::string const& sql) {
  std::shared_ptr<PGresult> const result(PQexec(connected_.get(), sql.c_str()), &PQclear);
  auto const status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(sql + ": " + PQerrorMessage(connected_.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

void PostgresServer::create(std::string const& name) { ask("postgres", "CREATE DATABASE " + name); }
void PostgresServer::drop(std::string const& name) {
  ask("postgres", "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
}

void PostgresServer::crash() {
  std::string const command = std::string(KITH_ENGINES_TOOL) + " crash postgres " + folder_;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("PostgreSQL did not come back after its crash");
}

}  // namespace kith::contract
