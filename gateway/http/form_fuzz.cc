#include "base/check.h"
#include "base/text.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

std::size_t depth_of(Params const& node) {
  std::size_t deepest = 0;
  check(is_text(node.raw()) && is_text(node.name()), "what is in the tree is text");
  for (auto const& member : node.members()) deepest = std::max(deepest, depth_of(member));
  return deepest + 1;
}

template <class Act>
void refusing(Act act) {
  try {
    act();
  } catch (Error const& error) {
    check(error.code == Code::invalid, "input is refused as invalid");
  }
}

}  // namespace
}  // namespace kith

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* bytes, std::size_t size) {
  using namespace kith;
  std::string_view const text(reinterpret_cast<char const*>(bytes), size);
  Params root(Params::Kind::map);
  Form form{root};
  refusing([&] { parse_urlencoded(form, text); });
  check(depth_of(root) <= nesting_max + 1, "a tree is not deeper than allowed");
  for (auto const& member : root.members()) {
    refusing([&] { root.text(member.name()); });
    refusing([&] { root.flag(member.name()); });
    refusing([&] { root.number(member.name()); });
    refusing([&] { root.ids<Id<void>>(member.name()); });
    refusing([&] { root.maybe_time(member.name()); });
  }
  root.find(text);
  auto const decoded = percent_decoded(text, true);
  std::string encoded;
  append_percent_encoded(encoded, text);
  check(percent_decoded(encoded, true) == text, "what is encoded is decoded to the same");
  return 0;
}
