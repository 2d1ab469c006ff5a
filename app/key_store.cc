#include "app/key_store.h"

#include <optional>

#include "app/gauges.h"
#include "base/error.h"
#include "ports/secrets/rocksdb.h"
#ifdef KITH_POSTGRES
#include "ports/secrets/postgres.h"
#endif

namespace kith {
namespace {

#ifdef KITH_POSTGRES
PostgresKeysOptions keys_options(Settings const& settings) {
  PostgresKeysOptions options{.server = settings.keys_server, .password_file = settings.keys_password_file};
  options.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(settings.postgres_deadline);
  options.server_key = settings.server_key.empty() ? settings.data + "/server.key" : settings.server_key;
  return options;
}

void report_keys(PostgresKeysStats const& stats, Metrics& metrics) {
  Gauges const gauge{metrics};
  gauge("kith_keys_calls", "Calls to the server that keeps keys, answered since the start", stats.calls);
  gauge("kith_keys_seconds", "Time that they took together", stats.seconds);
  gauge("kith_keys_retries", "Calls tried once more", stats.retries);
  gauge("kith_keys_lost", "Connections lost or given up at a deadline", stats.lost);
  gauge("kith_keys_refused", "Calls refused while the server was given a pause", stats.refused);
  gauge("kith_keys_connections", "Open connections", stats.connections);
}
#else
constexpr char const* without_postgres = "engines_keys is postgres, but this kith was built without it (KITH_POSTGRES)";
#endif

}  // namespace

std::vector<std::string> migrate_keys(Settings const& settings) {
  if (settings.engines_keys == KeysEngine::embedded) return {};
#ifdef KITH_POSTGRES
  return migrate_postgres_keys(keys_options(settings));
#else
  throw Error{Code::invalid, without_postgres};
#endif
}

struct KeyStore::Parts {
  Parts(Needs needs, Settings const& settings) {
    if (settings.engines_keys == KeysEngine::embedded) {
      embedded.emplace(settings.data, StoredKeys::Needs{.clock = needs.clock,
                                                        .random = needs.random,
                                                        .workers = needs.workers,
                                                        .server_key = settings.server_key});
      return;
    }
#ifdef KITH_POSTGRES
    postgres.emplace(PostgresKeys::Needs{.clock = needs.clock, .random = needs.random, .workers = needs.workers},
                     keys_options(settings));
#else
    throw Error{Code::invalid, without_postgres};
#endif
  }

  std::optional<StoredKeys> embedded;
#ifdef KITH_POSTGRES
  std::optional<PostgresKeys> postgres;
#endif
};

KeyStore::KeyStore(Needs needs, Settings const& settings) : parts_(std::make_unique<Parts>(needs, settings)) {}
KeyStore::~KeyStore() = default;

#ifdef KITH_POSTGRES
Keys& KeyStore::keys() {
  if (parts_->postgres) return *parts_->postgres;
  return *parts_->embedded;
}
ServerKey const& KeyStore::server_key() const {
  return parts_->postgres ? parts_->postgres->server_key() : parts_->embedded->server_key();
}
void KeyStore::report(Metrics& metrics) const {
  if (parts_->postgres) report_keys(parts_->postgres->stats(), metrics);
}
#else
Keys& KeyStore::keys() { return *parts_->embedded; }
ServerKey const& KeyStore::server_key() const { return parts_->embedded->server_key(); }
void KeyStore::report(Metrics&) const {}
#endif

}  // namespace kith
