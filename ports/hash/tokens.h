#pragma once

// Secrets that stand for a person: made here, shown once, stored only as a hash. They are 256 random
// bits, so a plain fast hash is enough (there is nothing to guess), unlike for passwords.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "ports/random/random.h"

namespace kith {

// 43 of A-Z a-z 0-9 - _ : the text of 32 random bytes.
std::string random_token(Random& random);
// What a token or code is stored and found by: 43 such characters.
std::string token_hash(std::string_view token);
// Takes as long for texts that differ at the end as at the beginning; their length is no secret.
bool same(std::string_view a, std::string_view b);

// Without padding.
std::string base64url(std::span<unsigned char const> bytes);
// SHA-256 as base64url: what PKCE compares (code challenge S256).
std::string sha256_base64url(std::string_view text);

// What an e-mail address is found by without being stored: nobody can try addresses against it who has
// not the server's key, and it says nothing after erasure.
class LookupHash {
 public:
  // ServerKey::derive("...").
  explicit LookupHash(std::array<unsigned char, 32> const& key) : key_(key) {}

  // `kind` keeps uses apart: the same text of two kinds has two hashes. 43 characters as above.
  std::string of(std::string_view kind, std::string_view text) const;

 private:
  std::array<unsigned char, 32> key_;
};

}  // namespace kith
