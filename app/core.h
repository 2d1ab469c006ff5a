#pragma once

// The engines, and the services of this process's roles over them; those of other roles are asked in their processes.
// One process at a time has a data folder.

#include <memory>

#include "app/services.h"
#include "app/settings.h"
#include "base/loops.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "ports/clock/clock.h"
#include "ports/clock/minter.h"
#include "ports/log/dispatch.h"
#include "ports/log/log.h"
#include "ports/rpc/identity.h"
#include "ports/rpc/methods.h"
#include "ports/table/tables.h"

namespace kith {

class Caches;
class Engines;

class Core {
 public:
  // Where calls to other roles, engines and handlers are counted and traced: nowhere, if null. Both must outlive it.
  struct Watch {
    Metrics* metrics = nullptr;
    Tracer* tracer = nullptr;
  };
  // Opens the data folder, makes it at the first start. Throws one sentence why it cannot.
  Core(Settings const& settings, Clock& clock) : Core(settings, clock, nullptr, {}) {}
  Core(Settings const& settings, Clock& clock, std::shared_ptr<Identities const> const& identities, Watch watch);
  ~Core();

  // Delivers events and keeps the id lease, on these loops, until stop().
  void start(Loops& loops);
  void stop();
  // Takes from these what may change while serving. Any thread.
  void change(Settings const& settings);

  Services services();                  // every one, wherever it runs
  void serve(Methods& methods);         // those that run here, by rpc
  Task<void> report(Metrics& metrics);  // numbers of the engines, as they are now
  Caches& caches();

  // For tools that work below the services: imports, rebuild, fsck.
  Engines& engines();
  Tables& tables();
  Keys& keys();
  Log& log();
  Dispatch const& dispatch() const;
  ImportIds& import_ids();
  // Waits until every group has handled what is due.
  Task<void> caught_up();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
