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

  class Channels;

 private:
  std::shared_ptr<Channels> channels_;
};

}  // namespace kith
