#include "base/check.h"
#include "base/text.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

std::size_t checked(Params const& node, std::size_t depth) {
  check(depth <= nesting_max + 1, "a tree is not deeper than allowed");
  check(is_text(node.raw()) && is_text(node.name()), "what is in the tree is text");
  std::size_t nodes = 1;
  for (auto const& member : node.members()) nodes += checked(member, depth + 1);
  return nodes;
}

}  // namespace
}  // namespace kith

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* bytes, std::size_t size) {
  using namespace kith;
  Params root(Params::Kind::map);
  Form form{root};
  try {
    parse_json(form, {reinterpret_cast<char const*>(bytes), size});
  } catch (Malformed const&) {
  }
  check(checked(root, 0) <= params_max + 1, "a tree has no more than it may");
  return 0;
}
