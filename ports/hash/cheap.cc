#include "ports/hash/cheap.h"

#include "base/error.h"
#include "ports/hash/tokens.h"

namespace kith {
namespace {

constexpr std::string_view mark = "cheap$";
constexpr std::size_t salt_size = 11;  // base64 of 8 bytes

std::string salted(std::string_view salt, std::string_view password) {
  return std::string(mark) + std::string(salt) + '$' + token_hash(std::string(salt) + '$' + std::string(password));
}

}  // namespace

Task<std::string> CheapPasswords::hash(std::string password) {
  if (password.size() > password_bytes_max)
    throw Error{Code::invalid, "A password has at most " + std::to_string(password_bytes_max) + " bytes"};
  unsigned char salt[8];
  random_.fill(salt);
  co_return salted(base64url(salt), password);
}

Task<bool> CheapPasswords::verify(std::string hash, std::string password) {
  if (outdated(hash)) co_return false;
  co_return same(hash, salted(std::string_view(hash).substr(mark.size(), salt_size), password));
}

bool CheapPasswords::outdated(std::string_view hash) const {
  return !hash.starts_with(mark) || hash.size() < mark.size() + salt_size;
}

}  // namespace kith
