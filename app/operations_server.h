#pragma once

// What operators' tools ask of any process, on an address of its own: whether it lives and is ready, and its numbers.
// A role without the gateway has no other; beside one, it keeps these from the public.

#include <memory>

#include "app/settings.h"
#include "base/loops.h"
#include "gateway/http/operations.h"
#include "ports/clock/clock.h"

namespace kith {

class OperationsServer {
 public:
  OperationsServer(OperationsNeeds needs, Clock& clock, Settings const& settings);
  ~OperationsServer();

  // Listens at `operations_listen`, or throws one sentence why not.
  void start(Loops& loops);
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
