#include "ports/table/postgres/server.h"

#include <libpq-fe.h>

#include <array>
#include <fstream>
#include <stdexcept>

namespace kith::contract {

bool PostgresServer::here() { return engine_is_tried({"/usr/lib/postgresql"}); }

PostgresServer& PostgresServer::own() {
  static PostgresServer server;
  return server;
}

std::string PostgresServer::port() const {
  auto const colon = address().rfind(':');
  return address().substr(colon + 1, address().rfind('/') - colon - 1);
}

std::string PostgresServer::database(std::string const& name) const {
  return address().substr(0, address().rfind('/') + 1) + name + address().substr(address().find('?'));
}

std::string PostgresServer::by_tls(std::string const& address, std::string const& authority) {
  return address.substr(0, address.find('?')) + "?sslmode=verify-full&sslrootcert=" + authority;
}

PostgresSession PostgresServer::session(std::string const& database) {
  std::ifstream file(password_file());
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

}  // namespace kith::contract
