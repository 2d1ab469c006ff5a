// kith compact: looking after a data folder.

#include <cstdio>

#include "app/command.h"
#include "app/core.h"
#include "app/running.h"
#include "base/error.h"
#include "ports/table/rocksdb.h"

namespace kith {
namespace {

int compact(Typed const& typed) {
  Reached reached(settings_of(typed).settings);
  if (reached.core() == nullptr)
    throw Error{Code::unavailable,
                "A server has this data folder open, and it compacts by itself; stop it first to do it at once"};
  reached.core()->store().compact();
  std::printf("%llu bytes\n", static_cast<unsigned long long>(reached.core()->store().stats().disk_bytes));
  return 0;
}

}  // namespace

std::vector<Command> keeper_commands() {
  CommandDoc doc{.name = "compact",
                 .words = "",
                 .summary = "Brings everything on the disk to its final place, as a server does over time."};
  doc.options = {{"--data", "DIR", "the data folder", true}};
  return {{doc, &compact}};
}

}  // namespace kith
