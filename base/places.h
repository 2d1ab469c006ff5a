#pragma once

// Gives each id that is met its place, 0, 1, 2 ..., so that a page of posts asks for each author
// once and finds the answer again. Some nanoseconds an id; no allocation per id.

#include <cstdint>
#include <vector>

namespace kith {

template <class AnId>
class Places {
 public:
  static constexpr std::uint32_t nowhere = 0xFFFFFFFF;

  explicit Places(std::size_t expected = 32) {
    std::size_t slots = 16;
    while (slots < expected * 2) slots *= 2;
    slots_.assign(slots, nowhere);
    ids_.reserve(expected);
  }

  // The place of the id; a new one is the next place.
  std::uint32_t add(AnId id) {
    if ((ids_.size() + 1) * 2 > slots_.size()) grow();
    std::uint32_t& slot = slot_of(id);
    if (slot == nowhere) {
      slot = static_cast<std::uint32_t>(ids_.size());
      ids_.push_back(id);
    }
    return slot;
  }
  std::uint32_t find(AnId id) const { return const_cast<Places*>(this)->slot_of(id); }

  std::vector<AnId> const& ids() const { return ids_; }
  std::size_t size() const { return ids_.size(); }

 private:
  std::uint32_t& slot_of(AnId id) {
    // Ids of one millisecond differ in few bits, so the high half of a product is taken.
    std::size_t const mask = slots_.size() - 1;
    for (std::size_t at = (id.value * 0x9E3779B97F4A7C15u) >> 32 & mask;; at = (at + 1) & mask)
      if (slots_[at] == nowhere || ids_[slots_[at]] == id) return slots_[at];
  }
  void grow() {
    slots_.assign(slots_.size() * 2, nowhere);
    for (std::uint32_t place = 0; place < ids_.size(); ++place) slot_of(ids_[place]) = place;
  }

  std::vector<std::uint32_t> slots_;
  std::vector<AnId> ids_;
};

}  // namespace kith
