#include "ports/rpc/wire.h"

#include "base/error.h"

namespace kith::wire {

void unreadable(char const* why) { throw Error{Code::internal, "Stored data cannot be read", why}; }

void enclose(std::string& out, std::uint32_t field, std::size_t from) {
  std::string head;
  put_tag(head, field, Type::bytes);
  put_varint(head, out.size() - from);
  out.insert(from, head);
}

std::uint64_t Reader::long_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70 && at_ != end_; shift += 7) {
    auto const byte = static_cast<unsigned char>(*at_++);
    if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  unreadable(at_ == end_ ? "a number is cut off" : "a number is too long");
}

std::uint64_t Reader::fixed64() {
  if (end_ - at_ < 8) unreadable("a number is cut off");
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(static_cast<unsigned char>(*at_++)) << (8 * i);
  return value;
}

std::string_view Reader::bytes() {
  auto const size = varint();
  if (size > static_cast<std::size_t>(end_ - at_)) unreadable("a field is cut off");
  std::string_view const taken(at_, size);
  at_ += size;
  return taken;
}

void Reader::skip() {
  switch (type_) {
    case Type::varint: varint(); return;
    case Type::fixed64: fixed64(); return;
    case Type::bytes: bytes(); return;
    case Type::fixed32:
      if (end_ - at_ < 4) unreadable("a number is cut off");
      at_ += 4;
      return;
  }
  unreadable("a field is of no known type");
}

}  // namespace kith::wire
