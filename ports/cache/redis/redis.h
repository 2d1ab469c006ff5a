#pragma once

// The cache and the bus on Redis servers, shared by every process of a community: one server, or a Cluster.
// Values that this process has read lie near it, as long as the servers tell it what changes.
//
// Without the servers there is nothing in the cache, counters count what this process has seen, and what is said
// is lost; nobody waits for them for longer than the deadline, and soon not at all.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "ports/bus/bus.h"
#include "ports/cache/cache.h"
#include "ports/cache/memory.h"
#include "ports/clock/clock.h"

namespace kith {

struct RedisOptions {
  // redis://USER@HOST:PORT or rediss://...; the one server, or some of a Cluster, which names the others.
  std::vector<std::string> servers;
  std::string password_file;  // read anew for each connection; empty: none
  std::string tls_authority;  // of rediss://; empty: whom the system trusts
  std::string tls_certificate, tls_key;
  std::string prefix = "kith";              // of every key and channel
  std::chrono::milliseconds deadline{250};  // of a call, with its tries
  MemoryCache::Limits near = {};            // of what lies near; 0 bytes: nothing does
};

struct RedisStats {
  std::uint64_t reads = 0, found = 0, near_found = 0, writes = 0, refused_older = 0, counts = 0;
  std::uint64_t messages_out = 0, messages_in = 0, invalidations = 0, invalidations_lost = 0;
  std::uint64_t unanswered = 0, retries = 0, redirects = 0, lost = 0, refused = 0;
  std::int64_t connections = 0, under_way = 0, invalidations_owed = 0;
  std::size_t near_bytes = 0;
};

class RedisStore {
 public:
  // Throws Error{unavailable} with the sentence for people, which names the setting to change.
  RedisStore(Clock const& clock, RedisOptions options);
  // Stops; nothing of it may be awaited any more.
  ~RedisStore();

  // Counts its calls, by verb and how they end. Before the first of them.
  void observe(Metrics& metrics);
  Cache& cache();
  Bus& bus();
  RedisStats stats() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
