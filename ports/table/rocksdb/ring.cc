#include "ports/table/rocksdb/ring.h"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace kith::rocks {
namespace {

// A first page and the one behind it: most readers want no more, and whoever comes first after a start waits for it.
constexpr std::size_t kept_first = 100;
// What a feed shows when one scrolls far; what lies deeper is read from chunks.
constexpr std::size_t kept_min = 400;
constexpr std::size_t kept_max = 512;
// A place in the map with its partition, beside the lists.
constexpr std::size_t ring_bytes = 130;

}  // namespace

void keep_winners(std::vector<EntryView>& sorted) {
  std::size_t end = 0;
  for (EntryView const entry : sorted) {
    if (end == 0 || sorted[end - 1].sort != entry.sort)
      sorted[end++] = entry;
    else if (wins(decode_state(entry.state), decode_state(sorted[end - 1].state)))
      sorted[end - 1] = entry;
  }
  sorted.resize(end);
}

void RingTable::Query::hit(EntryView entry) {
  std::string_view value = entry.state;
  RowState const state = take_header(value);
  if (!state.lives(now)) return;
  more = hits.size() == range.limit;
  if (more) return;
  hits.push_back(
      {state.header(), static_cast<std::uint32_t>(entry.sort.size()), static_cast<std::uint32_t>(value.size())});
  bytes += entry.sort;
  bytes += value;
}

void append_entry(std::string& chunk, EntryView entry) {
  append_sized(chunk, entry.sort);
  append_sized(chunk, entry.state);
}

RingTable::~RingTable() = default;

RingTable::Index RingTable::add(EntryView entry) {
  if (auto const same = known_.find(entry); same != known_.end()) {
    ++entries_[*same].references;
    return *same;
  }
  Index index;
  if (free_.empty()) {
    index = static_cast<Index>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  entries_[index] = Entry{{std::string(entry.sort), std::string(entry.state)}, 1};
  entry_bytes_ += entries_[index].bytes();
  known_.insert(index);
  return index;
}

void RingTable::release(Index index) {
  Entry& entry = entries_[index];
  if (--entry.references > 0) return;
  known_.erase(index);
  entry_bytes_ -= entry.bytes();
  entry = {};
  free_.push_back(index);
}

bool RingTable::wins(Index one, Index over) const {
  return rocks::wins(decode_state(entries_[one].state), decode_state(entries_[over].state));
}

void RingTable::insert(std::string_view sort, RowState const& state, std::vector<std::string> const& partitions) {
  std::string const encoded = encode_state(state);
  std::lock_guard const lock(mutex_);
  Index const index = add({sort, encoded});
  for (std::string const& partition : partitions) put(rings_[partition], partition, index);
  release(index);
}

void RingTable::put(Ring& ring, std::string const& partition, Index index) {
  if (ring.loaded && !keep(ring, index)) return;
  if (ring.fresh.empty()) dirty_.push_back(partition);
  ring.fresh.push_back(index);
  ++entries_[index].references;
  ++fresh_;
  ++indexes_;
}

std::size_t RingTable::place(Ring const& ring, std::string_view sort) const {
  auto const at = std::ranges::partition_point(ring.kept, [&](Index index) { return entries_[index].sort > sort; });
  return static_cast<std::size_t>(at - ring.kept.begin());
}

// False: what is there already wins, so that nothing is to be done at all.
bool RingTable::keep(Ring& ring, Index index) {
  std::string const& sort = entries_[index].sort;
  auto& kept = ring.kept;
  std::size_t at = kept.size();
  if (!kept.empty() && entries_[kept.back()].sort <= sort) {
    at = place(ring, sort);
    if (entries_[kept[at]].sort == sort) {
      if (!wins(index, kept[at])) return false;
      release(std::exchange(kept[at], index));
      ++entries_[index].references;
      return true;
    }
    if (at == 0 && !ring.whole) return true;  // beyond what is kept
  }
  if (kept.empty() && !ring.whole) return true;
  kept.insert(kept.begin() + static_cast<std::ptrdiff_t>(at), index);
  ++entries_[index].references;
  ++indexes_;
  if (kept.size() > kept_max) trim(ring);
  return true;
}

void RingTable::trim(Ring& ring) {
  if (ring.kept.size() <= kept_min) return;
  auto const end = ring.kept.begin() + static_cast<std::ptrdiff_t>(ring.kept.size() - kept_min);
  std::for_each(ring.kept.begin(), end, [&](Index index) { release(index); });
  indexes_ -= static_cast<std::size_t>(end - ring.kept.begin());
  ring.kept.erase(ring.kept.begin(), end);
  ring.whole = false;
}

// Whether nothing of the range can lie beyond what is kept.
bool RingTable::bounded(Ring const& ring, Query const& query) const {
  if (ring.whole) return true;
  return !ring.kept.empty() && !query.range.to.empty() && query.range.to <= entries_[ring.kept.front()].sort;
}

// What is to be done about a range of which a part is not here.
RingTable::Found RingTable::missing(Ring const* ring, Query& query) const {
  bool const loaded = ring != nullptr && ring->loaded;
  query.wanted = loaded || query.range.limit >= kept_first ? kept_min : kept_first;
  return loaded && ring->kept.size() >= kept_min ? Found::beyond : Found::unloaded;
}

RingTable::Found RingTable::query(Query& query) {
  Range const& range = query.range;
  query.hits.clear();
  query.bytes.clear();
  query.more = false;
  std::lock_guard const lock(mutex_);
  auto const found = rings_.find(std::string_view(range.partition));
  if (found == rings_.end() || !found->second.loaded) return missing(nullptr, query);
  Ring& ring = found->second;
  ring.used = true;
  auto const& kept = ring.kept;
  // In kept, positions [low, high) hold the range; the smallest sort key stands at high - 1.
  std::size_t high = place(ring, range.from);
  if (high < kept.size() && entries_[kept[high]].sort == range.from) ++high;
  std::size_t low = 0;
  if (!range.to.empty()) {
    low = place(ring, range.to);
    if (low < kept.size() && entries_[kept[low]].sort == range.to) ++low;
  }
  if (range.backwards && !bounded(ring, query)) return missing(&ring, query);
  std::size_t left = high > low ? high - low : 0;
  for (std::size_t step = 0; step < left; ++step) {
    query.hit(entries_[kept[range.backwards ? low + step : high - 1 - step]]);
    if (query.more) return Found::yes;
  }
  return bounded(ring, query) ? Found::yes : missing(&ring, query);
}

std::uint64_t RingTable::cleanings() const {
  std::lock_guard const lock(mutex_);
  return cleanings_;
}

bool RingTable::install(std::string const& partition, FromDisk disk, std::uint64_t cleanings) {
  std::lock_guard const lock(mutex_);
  if (cleanings != cleanings_) return false;
  Ring& ring = rings_[partition];
  // That there is no more than is kept is news, too.
  if (ring.loaded && (ring.whole || (ring.kept.size() >= disk.entries.size() && !disk.whole))) return true;
  std::vector<Index> kept;
  kept.reserve(disk.entries.size() + 8);
  for (EntryView const entry : disk.entries | std::views::reverse) kept.push_back(add(entry));
  unload(ring);
  ring.kept = std::move(kept);
  ring.loaded = true;
  ring.whole = disk.whole;
  ring.fragmented = disk.fragmented;
  indexes_ += ring.kept.size();
  for (Index const index : ring.fresh) keep(ring, index);
  return true;
}

std::vector<OwnEntry> RingTable::fresh(std::string const& partition) const {
  std::lock_guard const lock(mutex_);
  std::vector<OwnEntry> entries;
  auto const found = rings_.find(std::string_view(partition));
  if (found == rings_.end()) return entries;
  for (Index const index : found->second.fresh) entries.push_back(entries_[index]);
  return entries;
}

std::vector<std::string> RingTable::take_dirty() {
  std::lock_guard const lock(mutex_);
  return std::exchange(dirty_, {});
}

void RingTable::give_back(std::vector<std::string> partitions) {
  std::lock_guard const lock(mutex_);
  std::ranges::move(partitions, std::back_inserter(dirty_));
}

std::vector<RingTable::Dirty> RingTable::dirty(std::vector<std::string> const& partitions, std::size_t begin,
                                               std::size_t end) {
  std::vector<Dirty> all;
  all.reserve(end - begin);
  std::lock_guard const lock(mutex_);
  for (; begin < end; ++begin) {
    auto const found = rings_.find(std::string_view(partitions[begin]));
    if (found == rings_.end()) continue;
    Ring const& ring = found->second;
    Dirty& dirty = all.emplace_back(
        Dirty{.partition = partitions[begin], .count = ring.fresh.size(), .fragmented = ring.fragmented});
    if (ring.fragmented) {
      for (Index const index : ring.fresh) dirty.entries.push_back(entries_[index]);
    } else {
      sorted_ = ring.fresh;
      dirty.chunks = encoded(sorted_);
    }
  }
  return all;
}

// Without copying an entry: this is half of what a flush costs.
std::vector<std::string> RingTable::encoded(std::vector<Index>& fresh) const {
  std::ranges::sort(fresh, [&](Index one, Index other) {
    int const order = entries_[one].sort.compare(entries_[other].sort);
    return order != 0 ? order < 0 : wins(one, other);
  });
  std::vector<std::string> chunks(1);
  std::size_t count = 0;
  Entry const* last = nullptr;
  for (Index const index : fresh) {
    Entry const& entry = entries_[index];
    if (last != nullptr && last->sort == entry.sort) continue;  // the one that wins came first
    if (count++ == chunk_entries) {
      chunks.emplace_back();
      count = 1;
    }
    append_entry(chunks.back(), entry);
    last = &entry;
  }
  return chunks;
}

void RingTable::clean(std::vector<Dirty> const& flushed) {
  std::lock_guard const lock(mutex_);
  ++cleanings_;
  for (Dirty const& dirty : flushed) {
    auto const found = rings_.find(std::string_view(dirty.partition));
    if (found == rings_.end()) continue;
    Ring& ring = found->second;
    auto const end = ring.fresh.begin() + static_cast<std::ptrdiff_t>(dirty.count);
    std::for_each(ring.fresh.begin(), end, [&](Index index) { release(index); });
    ring.fresh.erase(ring.fresh.begin(), end);
    fresh_ -= dirty.count;
    indexes_ -= dirty.count;
    ring.fragmented = ring.fragmented && !dirty.fragmented;
    if (!ring.fresh.empty())
      dirty_.push_back(dirty.partition);
    else if (!ring.loaded)
      rings_.erase(found);
    else
      ring.fresh = {};
  }
}

void RingTable::unload(Ring& ring) {
  for (Index const index : ring.kept) release(index);
  indexes_ -= ring.kept.size();
  ring.kept = {};
  ring.loaded = ring.whole = false;
}

void RingTable::evict(std::size_t bytes_left) {
  std::lock_guard const lock(mutex_);
  for (int pass = 0; pass < 2; ++pass)
    for (auto at = rings_.begin(); at != rings_.end() && bytes() > bytes_left;) {
      Ring& ring = at->second;
      if (ring.loaded && !std::exchange(ring.used, false)) unload(ring);
      if (!ring.loaded && ring.fresh.empty())
        rings_.erase(at++);
      else
        ++at;
    }
}

std::size_t RingTable::bytes() const { return rings_.size() * ring_bytes + indexes_ * sizeof(Index) + entry_bytes_; }

RingTable::Counts RingTable::counts() const {
  std::lock_guard const lock(mutex_);
  return {rings_.size(), bytes(), fresh_};
}

}  // namespace kith::rocks
