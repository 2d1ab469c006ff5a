#include "ports/table/table_numbers.h"

#include <utility>

namespace kith {
namespace {

CallNumbers of(Metrics& metrics, std::string const& engine, char const* verb) {
  return {metrics, "kith_engine", "Calls of engines", {{"engine", engine}, {"verb", verb}}};
}

}  // namespace

TableNumbers::Engine::Engine(Metrics& metrics, std::string given, bool apart)
    : name(std::move(given)),
      apart(apart),
      get(of(metrics, name, "get")),
      scan(of(metrics, name, "scan")),
      walk(of(metrics, name, "walk")),
      write(of(metrics, name, "write")) {}

}  // namespace kith
