// Any bytes are a message or an Error, and a message that was read is written and read the same.
#include <cstdlib>

#include "base/error.h"
#include "ports/table/row.h"
#include "tools/protoc-gen-kith/testdata/sample.kith.h"

namespace {

template <class T>
void read(std::string_view bytes) {
  std::string const once = encode(kith::decode<T>(bytes));
  // Not `==` on the structs: there are doubles that differ from themselves.
  if (encode(kith::decode<T>(once)) != once) std::abort();
}

void read_row(kith::Table table, std::string_view bytes) {
  auto const cut = std::min<std::size_t>(bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]), bytes.size());
  auto const half = std::min(cut, std::size_t{12});
  table->parse({table, std::string(bytes.substr(0, half)), std::string(bytes.substr(half, cut - half))}, {},
               bytes.substr(cut));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const bytes(reinterpret_cast<char const*>(data) + 1, size - 1);
  try {
    switch (data[0] % 5) {
      case 0: read<kith::sample::Everything>(bytes); break;
      case 1: read<kith::sample::Tree>(bytes); break;
      case 2: read<kith::sample::VoteChanged>(bytes); break;
      case 3: read_row(&kith::sample::Poll::table(), bytes); break;
      default: read_row(&kith::sample::Vote::table(), bytes);
    }
  } catch (kith::Error const&) {
    // Refused, as it should be.
  }
  return 0;
}
