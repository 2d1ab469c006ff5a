#pragma once

// Copies that spare work: content under (id, version), and counters of what was done lately. Never a
// grant, and never the only place of anything: losing all of it changes no answer.
//
// The contract, proved for each engine by cache_contract_test.cc:
//   - `set` refuses a version older than the one present or last invalidated, so a reader that was
//     slow cannot bring back what a writer replaced meanwhile;
//   - a value is never handed out after its time to live, nor under another key;
//   - what is kept is bounded in bytes; what leaves first is the engine's policy;
//   - an entry may vanish at any moment; counters may too, and then count from zero;
//   - an engine shared by processes that cannot be reached is empty, never an error: nothing is found or set,
//     and counters are those of this process, and say so.
// Whoever invalidated is handed nothing older from then on. Another process, which may keep copies near it, can
// be for a second longer; and until the engine could be told, where it was away when it should have been.
// Every method may be called from any thread; a Task resumes on its awaiter's executor.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "base/time.h"

namespace kith {

// Of a table's row, or any number that grows with every change.
using CacheVersion = std::int64_t;

struct Cached {
  std::shared_ptr<std::string const> value;
  CacheVersion version = 0;
  Duration left{0};  // of its time to live
};

struct Counted {
  std::uint64_t count = 0;  // within the window that ends now, this call included
  Duration more_in{0};      // until the oldest of it no longer counts
  Duration resets_in{0};    // until none of it counts
  bool alone = false;       // what other processes counted is not in it: nobody could be asked
};

inline constexpr std::size_t cache_key_bytes_max = 512;
// A home page's fragments are some 30 KB; what is larger would only push out the small.
inline constexpr std::size_t cache_value_bytes_max = 256 << 10;
inline constexpr std::size_t cache_keys_max = 1000;  // of one get_many
inline constexpr Duration cache_ttl_max = std::chrono::hours{24};

class Cache {
 public:
  virtual ~Cache() = default;

  // In the order of the keys.
  virtual Task<std::vector<std::optional<Cached>>> get_many(std::vector<std::string> keys) = 0;
  // What needs no waiting: false when this engine has to wait, and `found` says nothing then.
  virtual bool get_now(std::string_view key, std::optional<Cached>& found) {
    (void)key, (void)found;
    return false;
  }
  // False when refused as too old, or as larger than the limits above allow.
  virtual Task<bool> set(std::string key, std::string value, CacheVersion version, Duration ttl) = 0;
  // From now on nothing older than `version` is kept or handed out here.
  virtual Task<void> invalidate(std::string key, CacheVersion version) = 0;

  // Adds `amount` (0: only looks) to what was counted in the last `window`, a sliding one: what is
  // counted counts for the window, and up to an eighth of it longer.
  virtual Task<Counted> count(std::string key, std::uint64_t amount, Duration window) = 0;
  virtual Task<void> reset_count(std::string key) = 0;

  Task<std::optional<Cached>> get(std::string key);
};

}  // namespace kith
