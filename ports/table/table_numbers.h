#pragma once

// Numbers of what is asked of the engines of tables, by verb, and which engines these are.

#include <string>

#include "base/observed.h"

namespace kith {

struct TableNumbers {
  // Of one engine. A read of an engine in this process is neither counted nor traced: it looks into memory.
  struct Engine {
    Engine(Metrics& metrics, std::string name, bool apart);

    std::string name;
    bool apart;
    CallNumbers get, scan, walk, write;
  };

  Engine strict, wide;
};

}  // namespace kith
