#pragma once

// Where the data keys lie, as the settings say: in the data folder, or in a database of their own.

#include <memory>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/metrics.h"
#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/random/random.h"
#include "ports/secrets/keys.h"
#include "ports/secrets/server_key.h"

namespace kith {

// Makes what is missing where the keys lie. Tells what it made, a line each; throws one sentence.
std::vector<std::string> migrate_keys(Settings const& settings);

class KeyStore {
 public:
  struct Needs {
    Clock const& clock;
    Random& random;
    Workers& workers;
  };
  // Throws one sentence why it cannot be opened.
  KeyStore(Needs needs, Settings const& settings);
  ~KeyStore();

  Keys& keys();
  ServerKey const& server_key() const;
  void report(Metrics& metrics) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
