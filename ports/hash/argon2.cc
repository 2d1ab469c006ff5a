#include "ports/hash/argon2.h"

#include <sodium.h>

#include "base/error.h"
#include "ports/random/random.h"

namespace kith {
namespace {

// A place in the queue, from the request to its answer.
class Place {
 public:
  Place(std::atomic<unsigned>& queued, unsigned max) : queued_(queued) {
    if (queued_.fetch_add(1) < max) return;
    --queued_;
    throw Error{Code::unavailable, "Too many people are signing in right now: please try again in a moment"};
  }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  ~Place() { --queued_; }

 private:
  std::atomic<unsigned>& queued_;
};

void refuse_long(std::string const& password) {
  if (password.size() > password_bytes_max)
    throw Error{Code::invalid, "A password has at most " + std::to_string(password_bytes_max) + " bytes"};
}

}  // namespace

Argon2Passwords::Argon2Passwords(Cost cost) : cost_(cost), workers_(std::max(cost.at_once, 1u)) {
  start_sodium();
  nobody_ = hash_now("nobody");
}

std::string Argon2Passwords::hash_now(std::string const& password) const {
  char text[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(text, password.data(), password.size(), cost_.passes, cost_.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw Error{Code::unavailable, "The server is short of memory: please try again in a moment", "argon2id"};
  return text;
}

Task<std::string> Argon2Passwords::hash(std::string password) {
  refuse_long(password);
  Place const place(queued_, cost_.queued_max);
  co_return co_await workers_.run([this, &password] { return hash_now(password); });
}

Task<bool> Argon2Passwords::verify(std::string hash, std::string password) {
  // Too long is wrong, not an error: no such password was ever accepted.
  if (password.size() > password_bytes_max) password.resize(password_bytes_max + 1);
  bool const exists = !hash.empty() && hash.size() < crypto_pwhash_STRBYTES;
  std::string const& against = exists ? hash : nobody_;
  Place const place(queued_, cost_.queued_max);
  bool const same = co_await workers_.run([&against, &password] {
    return crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
  });
  co_return same&& exists&& password.size() <= password_bytes_max;
}

bool Argon2Passwords::outdated(std::string_view hash) const {
  if (hash.size() >= crypto_pwhash_STRBYTES) return true;
  std::string const text(hash);
  return crypto_pwhash_str_needs_rehash(text.c_str(), cost_.passes, cost_.memory_bytes) != 0;
}

}  // namespace kith
