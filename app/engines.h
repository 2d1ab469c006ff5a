#pragma once

// Which engine keeps what, as the settings say: strict tables, wide tables and the log in the data folder, or on
// servers. What lies on servers needs no database in the data folder.

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/log/log.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith {

class RocksStore;

// Brings the tables of the engines that the settings name to what this program needs, as every start does.
// `contract`: drops what no program needs any more. Tells what it changed, a line each; throws one sentence.
std::vector<std::string> migrate_engines(Settings const& settings, bool contract);

class Engines {
 public:
  struct Needs {
    Clock& clock;
    Workers& workers;
  };
  // Opens the data folder, and reaches the servers. Throws one sentence why it cannot.
  Engines(Needs needs, Settings const& settings);
  ~Engines();

  Strict& strict();
  Wide& wide();
  Log& log();
  RocksStore* embedded();  // null: all of it lies on servers

  // Counts and traces the calls of the log that services do not make themselves. Before the first.
  void observe(Metrics& metrics, Tracer* tracer);
  // Delivers events on these executors, until stop_delivery.
  void start(std::vector<boost::asio::any_io_executor> executors);
  Task<void> stop_delivery();
  void report(Metrics& metrics) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
