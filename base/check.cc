#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace kith {

void broken(char const* why) {
  std::fprintf(stderr, "kith: this cannot be: %s\n", why);
  std::abort();
}

}  // namespace kith
