#include "ports/secrets/wrapping.h"

#include <sodium.h>

#include <algorithm>
#include <filesystem>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/error.h"
#include "ports/secrets/key_cache.h"

namespace kith {
namespace {

// A stored value: its form, then for a key the number of the wrapping key, a nonce and the sealed key.
constexpr char form_destroyed = 0;
constexpr char form_wrapped = 1;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t sealed_size = sizeof(DataKey) + crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t wrapped_size = 2 + nonce_size + sealed_size;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
unsigned char const* bytes(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }

}  // namespace

std::string place_of_key(AccountId owner) {
  std::string place;
  append_big_endian(place, owner.value);
  return place;
}

DataKeyPtr new_data_key(Random& random) {
  DataKey key;
  random.fill(key);
  DataKeyPtr kept = wiped_after_use(key);
  sodium_memzero(key.data(), key.size());
  return kept;
}

std::string_view destroyed_key() { return {&form_destroyed, 1}; }

std::string wrapped(ServerKey const& server, Random& random, AccountId owner, DataKey const& key) {
  std::string value(wrapped_size, '\0');
  value[0] = form_wrapped;
  value[1] = static_cast<char>(server.number);
  unsigned char* const nonce = bytes(value) + 2;
  random.fill({nonce, nonce_size});
  std::string const place = place_of_key(owner);  // a key moved to another account does not open
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + nonce_size, nullptr, key.data(), key.size(), bytes(place),
                                             place.size(), nullptr, nonce, server.wrap.data());
  return value;
}

DataKeyPtr unwrapped(ServerKey const& server, AccountId owner, std::string_view value) {
  if (value == destroyed_key()) return nullptr;
  DataKey key;
  std::string const place = place_of_key(owner);
  bool const opens = value.size() == wrapped_size && value[0] == form_wrapped &&
                     static_cast<unsigned char>(value[1]) == server.number &&
                     crypto_aead_xchacha20poly1305_ietf_decrypt(
                         key.data(), nullptr, nullptr, bytes(value) + 2 + nonce_size, sealed_size, bytes(place),
                         place.size(), bytes(value) + 2, server.wrap.data()) == 0;
  if (!opens)
    throw Error{Code::internal, "Something is wrong on this server",
                "keys: the key of account " + to_string(owner) + " does not open with server.key"};
  DataKeyPtr kept = wiped_after_use(key);
  sodium_memzero(key.data(), key.size());
  return kept;
}

std::vector<AccountId> each_once(std::vector<AccountId> owners) {
  std::ranges::sort(owners);
  owners.erase(std::ranges::unique(owners).begin(), owners.end());
  return owners;
}

std::vector<AccountId> new_owners(std::vector<AccountId> owners) {
  check(owners.size() <= key_batch_max, "a batch of keys has a limit");
  check(std::ranges::none_of(owners, [](AccountId owner) { return owner == proof_of_key; }), "nobody has no key");
  return each_once(std::move(owners));
}

ServerKey server_key_for(std::string const& file, std::string const& store, std::optional<std::string> const& proof) {
  if (!std::filesystem::exists(file)) {
    if (!proof) return make_server_key(file);
    throw Error{Code::invalid, "The server's key " + file + " is missing, and without it nothing in " + store +
                                   " opens: put back your copy of it"};
  }
  ServerKey server = read_server_key(file);
  if (!proof) return server;
  try {
    unwrapped(server, proof_of_key, *proof);
  } catch (Error const& error) {
    throw Error{Code::invalid,
                "The server's key " + file + " is not the one that the keys in " + store +
                    " were made with: put back your copy of that one",
                error.detail};
  }
  return server;
}

}  // namespace kith
