#pragma once

// Password hashes that cost nothing, on the caller's thread: for tests and simulations only.

#include "ports/hash/passwords.h"
#include "ports/random/random.h"

namespace kith {

class CheapPasswords final : public Passwords {
 public:
  explicit CheapPasswords(Random& random) : random_(random) { start_sodium(); }

  Task<std::string> hash(std::string password) override;
  Task<bool> verify(std::string hash, std::string password) override;
  bool outdated(std::string_view hash) const override;

 private:
  Random& random_;
};

}  // namespace kith
