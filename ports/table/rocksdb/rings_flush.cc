// The background of the rings: into chunks, out of memory.

#include <sys/prctl.h>

#include <algorithm>

#include "ports/table/rocksdb/rings.h"

namespace kith::rocks {
namespace {

// With some 20 new entries a feed a flush costs least; a quiet community flushes by time, which
// bounds the journal that a start after a crash reads.
constexpr auto flush_every = std::chrono::minutes{10};
constexpr std::size_t partitions_at_once = 256;

// A feed that nobody reads gathers a chunk a flush. At one flush in 64 it is looked at, and put together if it has
// many.
constexpr int one_in_bits = 6;
constexpr std::size_t flushes_many = 16;

// By the number of the flush, which any two feeds mix otherwise: nothing need be remembered, and each flush has its
// share.
bool has_its_turn(std::string_view partition, std::uint64_t flush) {
  return (std::hash<std::string_view>()(partition) + flush) * 0x9E3779B97F4A7C15u >> (64 - one_in_bits) == 0;
}

}  // namespace

void Rings::start() {
  replay();
  thread_ = std::thread([this] {
    prctl(PR_SET_NAME, "rings");
    loop();
  });
}

void Rings::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (!thread_.joinable()) return;
  thread_.join();
  try {
    flush();
  } catch (Error const&) {
    // The journal has it all.
  }
}

void Rings::nudge() {
  auto const now = counts();
  if (now.bytes < needs_.bytes_max && now.dirty < needs_.dirty_max) return;
  {
    std::lock_guard const lock(mutex_);
    nudged_ = true;
  }
  wake_.notify_one();
}

void Rings::loop() {
  auto flushed = std::chrono::steady_clock::now();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, flushed + flush_every, [this] { return stopping_ || nudged_; });
      if (stopping_) return;
      nudged_ = false;
    }
    try {
      if (auto const now = counts(); now.bytes > needs_.bytes_max) {
        // Each table gives its share, and a tenth more, so that it is not soon full again.
        for (auto const& [number, rings] : tables())
          rings->evict(rings->counts().bytes * (needs_.bytes_max / 10 * 9) / now.bytes);
      }
      bool const full = counts().dirty >= needs_.dirty_max || counts().bytes > needs_.bytes_max;
      if (!full && std::chrono::steady_clock::now() < flushed + flush_every) continue;
      flush();
    } catch (Error const&) {
      // The disk: the journal has it, and it is tried again with the next bound that is met.
    }
    flushed = std::chrono::steady_clock::now();
  }
}

void Rings::flush() {
  if (needs_.lane.refusing())
    throw Error{Code::unavailable, "Storage is not available", "feeds are not flushed while the disk is full"};
  std::lock_guard const flushing(flushing_);
  std::uint64_t const cut = all_arrived();
  for (auto const& [number, rings] : tables()) flush(number, *rings);
  if (cut == forgotten_) return;
  auto const status = needs_.db.db->DeleteRange({}, needs_.db.feeds, journal_key(0), journal_key(cut + 1));
  if (!status.ok()) throw failed("forget the journal of feeds", status);
  forgotten_ = cut;
}

void Rings::flush(std::uint32_t number, RingTable& rings) {
  std::vector<std::string> partitions = rings.take_dirty();
  if (partitions.empty()) return;
  // In the order of the keys, so that the memtable is walked, not searched.
  std::ranges::sort(partitions, {},
                    [](std::string const& each) { return std::pair(each.size(), std::string_view(each)); });
  std::uint64_t const flush = needs_.db.db->GetLatestSequenceNumber();  // grows over restarts too
  std::vector<RingTable::Dirty> flushed;
  try {
    for (std::size_t begin = 0; begin < partitions.size(); begin += partitions_at_once) {
      auto some = rings.dirty(partitions, begin, std::min(begin + partitions_at_once, partitions.size()));
      rocksdb::WriteBatch batch;
      for (RingTable::Dirty& dirty : some) {
        put_chunks(number, flush, dirty, batch);
        dirty.entries = {};
        dirty.chunks = {};
        flushed.push_back(std::move(dirty));
      }
      write(batch);
    }
    for (std::string const& partition : partitions)
      if (has_its_turn(partition, flush)) put_together(number, flush, partition, flushes_many);
    to_files();
  } catch (...) {
    rings.give_back(std::move(partitions));
    throw;
  }
  rings.clean(flushed);
}

void Rings::put_together() {
  flush();
  std::lock_guard const flushing(flushing_);
  for (auto const& [number, rings] : tables()) put_together(number);
  to_files();
}

void Rings::put_together(std::uint32_t number) {
  std::uint64_t const flush = needs_.db.db->GetLatestSequenceNumber();
  std::string partition;
  while (!(partition = next_partition(needs_.db, number, partition)).empty()) put_together(number, flush, partition, 2);
}

void Rings::put_together(std::uint32_t number, std::uint64_t flush, std::string const& partition, std::size_t least) {
  if (flushes_of(needs_.db, number, partition) < least) return;
  RingTable::Dirty scattered{.partition = partition, .fragmented = true};
  rocksdb::WriteBatch batch;
  put_chunks(number, flush, scattered, batch);
  write(batch);
}

void Rings::write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;  // the journal, or what lay there before, is kept until these are in files
  auto const status = needs_.db.db->Write(options, &batch);
  if (!status.ok()) throw failed("write feeds", status);
}

void Rings::to_files() {
  auto const status = needs_.db.db->Flush({}, needs_.db.feeds);
  if (!status.ok()) throw failed("write feeds", status);
}

void Rings::put_chunks(std::uint32_t table, std::uint64_t flush, RingTable::Dirty& dirty, rocksdb::WriteBatch& batch) {
  if (dirty.fragmented) {
    OnDisk const disk = read_partition(needs_.db, table, dirty.partition, dirty.entries);
    for (std::string const& chunk : disk.chunks) batch.Delete(needs_.db.feeds, chunk);
    Time const now = needs_.db.clock.now();
    std::size_t count = 0;
    for (EntryView const entry : disk.entries) {
      if (outlived(entry.state, now)) continue;  // nobody has to remember it any more
      if (count++ % chunk_entries == 0) dirty.chunks.emplace_back();
      append_entry(dirty.chunks.back(), entry);
    }
  }
  std::uint32_t part = 0;
  for (std::string const& chunk : dirty.chunks)
    batch.Put(needs_.db.feeds, chunk_key(table, dirty.partition, flush, part++), chunk);
}

}  // namespace kith::rocks
