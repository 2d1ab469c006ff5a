#pragma once

// How a data key is stored, in whatever store: wrapped by the server's key, bound to its account. And the beginning
// of a store, which proves that the server's key is the one its keys were wrapped with.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/random/random.h"
#include "ports/secrets/keys.h"
#include "ports/secrets/server_key.h"

namespace kith {

// A key of nobody, wrapped at the first start: opening it proves that the server's key is the right one.
inline constexpr AccountId proof_of_key{0};

DataKeyPtr new_data_key(Random& random);
std::string wrapped(ServerKey const& server, Random& random, AccountId owner, DataKey const& key);
// What stands in the place of a key that was destroyed.
std::string_view destroyed_key();
// Null for a destroyed key. Throws Error{internal} when it does not open.
DataKeyPtr unwrapped(ServerKey const& server, AccountId owner, std::string_view value);

// The server's key for a store: read from its file, or made where the store is as new as it is. `proof`: the
// wrapped key of nobody, where the store has one. Throws one sentence for people, which names file and store.
ServerKey server_key_for(std::string const& file, std::string const& store, std::optional<std::string> const& proof);

// Each of them once, in the order of numbers: two that make the same keys never wait for each other.
std::vector<AccountId> each_once(std::vector<AccountId> owners);
// The same of owners that are to get keys: not nobody, and no more than a batch may have.
std::vector<AccountId> new_owners(std::vector<AccountId> owners);

// The account as eight bytes, in the order of numbers.
std::string place_of_key(AccountId owner);

}  // namespace kith
