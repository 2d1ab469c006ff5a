#pragma once

// Names that were added or asked for lately: the last `most` of them at least, twice as many at most.

#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>

namespace kith::cassandra {

class Lately {
 public:
  explicit Lately(std::size_t most) : most_(most) {}

  bool contains(std::string const& name) {
    if (young_.contains(name)) return true;
    auto known = old_.extract(name);
    if (known.empty()) return false;
    add(std::move(known.value()));
    return true;
  }
  void add(std::string name) {
    if (young_.size() >= most_) old_ = std::exchange(young_, {});
    young_.insert(std::move(name));
  }

 private:
  std::size_t most_;
  std::unordered_set<std::string> young_, old_;
};

}  // namespace kith::cassandra
