#pragma once

// Says at once to whoever listens now: live updates, invalidations, a nudge to look again. What is
// said while nobody listens is gone, and messages may be lost at any time: nothing may be wrong because
// of it, only later.
//
// The contract, proved for each engine by bus_contract_test.cc:
//   - a listener gets what is said on its channels after `listen` returned, each message at most once,
//     those of one speaker on one channel in their order;
//   - a listener that does not keep up loses the oldest messages and sees how many in `lost`;
//   - who says never waits for who listens.
// Every method may be called from any thread; a Task resumes on its awaiter's executor.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"

namespace kith {

struct BusMessage {
  std::string channel;
  std::string body;
};

inline constexpr std::size_t channel_bytes_max = 200;
inline constexpr std::size_t message_bytes_max = 64 << 10;
inline constexpr std::size_t channels_max = 100;          // of one listener
inline constexpr std::size_t messages_waiting_max = 500;  // of one listener: some seconds of a busy stream

// One who listens, from `listen` until it is destroyed. Its methods are called by one task at a time;
// `close` by anybody.
class BusListener {
 public:
  virtual ~BusListener() = default;

  // Waits for the next message; nothing after `close`. Throws Error{unavailable} when cancelled.
  virtual Task<std::optional<BusMessage>> next() = 0;
  virtual Task<void> add(std::string channel) = 0;
  virtual Task<void> remove(std::string channel) = 0;
  virtual void close() = 0;
  virtual std::uint64_t lost() const = 0;
};

class Bus {
 public:
  virtual ~Bus() = default;

  virtual Task<void> say(std::string channel, std::string body) = 0;
  // The bus outlives its listeners.
  virtual Task<std::unique_ptr<BusListener>> listen(std::vector<std::string> channels) = 0;
};

}  // namespace kith
