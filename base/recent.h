#pragma once

// What was put in or found lately, by key: the last `most` of it at least, twice as much at most. One thread at a time.

#include <cstddef>
#include <unordered_map>
#include <utility>

namespace kith {

template <class Key, class Value>
class Recent {
 public:
  explicit Recent(std::size_t most) : most_(most) {}

  // Null: it is not known. Good until something else is done here.
  Value const* find(Key const& key) {
    if (auto const young = young_.find(key); young != young_.end()) return &young->second;
    auto known = old_.extract(key);
    if (known.empty()) return nullptr;
    make_room();
    return &young_.insert(std::move(known)).position->second;
  }
  void put(Key key, Value value) {
    make_room();
    young_.insert_or_assign(std::move(key), std::move(value));
  }
  void erase(Key const& key) {
    young_.erase(key);
    old_.erase(key);
  }

 private:
  void make_room() {
    if (young_.size() >= most_) old_ = std::exchange(young_, {});
  }

  std::size_t most_;
  std::unordered_map<Key, Value> young_, old_;
};

}  // namespace kith
