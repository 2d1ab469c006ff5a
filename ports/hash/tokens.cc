#include "ports/hash/tokens.h"

#include <sodium.h>

namespace kith {
namespace {

unsigned char const* bytes(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }

std::string blake2b(std::string_view text, std::span<unsigned char const> key) {
  std::array<unsigned char, 32> hash{};
  crypto_generichash(hash.data(), hash.size(), bytes(text), text.size(), key.data(), key.size());
  return base64url(hash);
}

}  // namespace

std::string base64url(std::span<unsigned char const> data) {
  constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(data.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), data.data(), data.size(), variant);
  text.pop_back();  // the NUL
  return text;
}

std::string random_token(Random& random) {
  std::array<unsigned char, 32> secret{};
  random.fill(secret);
  std::string token = base64url(secret);
  sodium_memzero(secret.data(), secret.size());
  return token;
}

std::string token_hash(std::string_view token) { return blake2b(token, {}); }

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string sha256_base64url(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), bytes(text), text.size());
  return base64url(hash);
}

std::string LookupHash::of(std::string_view kind, std::string_view text) const {
  std::string whole(kind);
  whole += '\0';
  whole += text;
  return blake2b(whole, key_);
}

}  // namespace kith
