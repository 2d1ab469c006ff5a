#pragma once

// The bus inside the process.

#include "ports/bus/bus.h"

namespace kith {

class MemoryBus final : public Bus {
 public:
  MemoryBus();
  ~MemoryBus() override;

  Task<void> say(std::string channel, std::string body) override;
  Task<std::unique_ptr<BusListener>> listen(std::vector<std::string> channels) override;

  // The same without a task; and what of it is refused, with an Error.
  void tell(BusMessage const& message);
  static void check_limits(std::string const& channel, std::string const& body);

  class Channels;

 private:
  std::shared_ptr<Channels> channels_;
};

}  // namespace kith
