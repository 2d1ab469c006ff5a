#pragma once

// Argon2id of libsodium on threads of its own.

#include <atomic>

#include "base/workers.h"
#include "ports/hash/passwords.h"

namespace kith {

class Argon2Passwords final : public Passwords {
 public:
  struct Cost {
    std::size_t memory_bytes = 19 << 20;  // with two passes OWASP's least: some 15 ms
    unsigned passes = 2;
    unsigned at_once = 2;      // threads, and so many times the memory
    unsigned queued_max = 64;  // a second of work; who comes later is told to come again
  };
  explicit Argon2Passwords(Cost cost);

  Task<std::string> hash(std::string password) override;
  Task<bool> verify(std::string hash, std::string password) override;
  bool outdated(std::string_view hash) const override;

 private:
  std::string hash_now(std::string const& password) const;

  Cost cost_;
  std::string nobody_;  // what the password of a person who does not exist is compared with
  std::atomic<unsigned> queued_ = 0;
  Workers workers_;
};

}  // namespace kith
