#pragma once

// Where the processes of a service are, when that changes while others ask them: an address "service:NAME" stands for
// those that are registered under this name and have lately said that they are well.

#include <functional>
#include <string>
#include <vector>

namespace kith {

class Discovery {
 public:
  using Told = std::function<void(std::vector<std::string> const& addresses)>;

  virtual ~Discovery() = default;

  // Tells the addresses of a service, each "tcp:HOST:PORT", as soon as they are known and whenever they have changed,
  // on a thread of its own, until this ends. While nobody can say, what was told last stands.
  virtual void watch(std::string service, Told told) = 0;
};

}  // namespace kith
