#include "app/key_store.h"

#include <optional>

#include "base/error.h"
#include "ports/secrets/rocksdb.h"
#ifdef KITH_POSTGRES
#include "ports/secrets/postgres.h"
#endif

namespace kith {
namespace {

#ifdef KITH_POSTGRES
PostgresKeysOptions postgres_options(Settings const& settings) {
  PostgresKeysOptions options{.server = settings.keys_server, .password_file = settings.keys_password_file};
  options.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(settings.postgres_deadline);
  options.server_key = settings.server_key.empty() ? settings.data + "/server.key" : settings.server_key;
  return options;
}
#else
constexpr char const* without_postgres = "engines_keys is postgres, but this kith was built without it (KITH_POSTGRES)";
#endif

}  // namespace

std::vector<std::string> migrate_keys(Settings const& settings) {
  if (settings.engines_keys == KeysEngine::embedded) return {};
#ifdef KITH_POSTGRES
  return migrate_postgres_keys(postgres_options(settings));
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
                     postgres_options(settings));
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
#else
Keys& KeyStore::keys() { return *parts_->embedded; }
ServerKey const& KeyStore::server_key() const { return parts_->embedded->server_key(); }
#endif

}  // namespace kith
