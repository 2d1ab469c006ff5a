#include "base/check.h"
#include "base/error.h"
#include "ports/cache/redis/address.h"
#include "ports/cache/redis/entry.h"
#include "ports/cache/redis/resp.h"
#include "ports/cache/redis/slots.h"

namespace kith::redis {
namespace {

// How many bytes a value takes; -1: it is none.
std::ptrdiff_t size_of(std::string_view bytes, Value& value) {
  try {
    return static_cast<std::ptrdiff_t>(read_value(bytes, value));
  } catch (Error const& error) {
    check(error.code == Code::unavailable, "what is no answer is an answer that did not come");
    return -1;
  }
}

}  // namespace
}  // namespace kith::redis

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* bytes, std::size_t size) {
  using namespace kith;
  using namespace kith::redis;
  std::string_view const text(reinterpret_cast<char const*>(bytes), size);
  Value whole;
  auto const taken = size_of(text, whole);
  check(taken <= static_cast<std::ptrdiff_t>(size), "no more is taken than there is");
  if (taken > 0) {
    // The same comes of it however the line cuts it, and nothing before it is there.
    auto const end = static_cast<std::size_t>(taken);
    for (std::size_t cut = 0; cut < end; cut += 1 + end / 16) {
      Value part;
      check(size_of(text.substr(0, cut), part) == 0, "a part of a value is waited for");
    }
    Value again;
    check(size_of(text.substr(0, end), again) == taken && again == whole,
          "what comes after a value does not change it");
    read_map(whole, "localhost");
  }
  read_entry(text);
  try {
    check(read_address(text).place.port > 0, "an address has a port");
  } catch (Error const& error) {
    check(error.code == Code::unavailable, "what is no address is refused");
  }
  std::string command;
  append_command(command, {"SET", text, text});
  Value said;
  check(read_value(command, said) == command.size() && said.items.size() == 3 && said.items[1].text == text,
        "what is said is read the same");
  return 0;
}
