#pragma once

// The canonical encoding of key parts (row.h says which), as generated code writes and reads it.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/big_endian.h"
#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

namespace kith {

namespace key {

// What a part is written as: eight bytes, four (enumerations and small numbers) or one (flags).
inline std::uint8_t bits(bool value) { return value ? 1 : 0; }
inline std::uint32_t bits(std::uint32_t value) { return value; }
inline std::uint64_t bits(std::uint64_t value) { return value; }
template <class Tag>
std::uint64_t bits(Id<Tag> id) {
  return id.value;
}
inline std::uint64_t bits(Time time) {
  if (time < no_time) throw Error{Code::invalid, "A time before 1970 cannot be stored here"};
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
template <class Enum>
  requires std::is_enum_v<Enum>
std::uint32_t bits(Enum value) {
  return static_cast<std::uint32_t>(value);
}

template <class T>
  requires(!std::is_convertible_v<T, std::string_view>)
void put(std::string& out, T value) {
  append_big_endian(out, bits(value));
}
template <class T>
void put_descending(std::string& out, T value) {
  auto const forward = bits(value);
  append_big_endian(out, static_cast<decltype(bits(value))>(~forward));
}
inline void put(std::string& out, std::string_view text) {
  if (!is_text(text)) throw Error{Code::invalid, "A name in this request holds a character that cannot be stored"};
  out += text;
}
inline void put_followed(std::string& out, std::string_view text) {
  put(out, text);
  out += '\0';
}

}  // namespace key

// Takes the parts of a key apart again; Error{internal} when it is not of the table.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : bytes_(bytes) {}

  void take(bool& value) { value = bits<std::uint8_t>() != 0; }
  void take(std::uint32_t& value) { value = bits<std::uint32_t>(); }
  void take(std::uint64_t& value) { value = bits<std::uint64_t>(); }
  template <class Tag>
  void take(Id<Tag>& id) {
    id.value = bits<std::uint64_t>();
  }
  void take(Time& time) { time = Time(Duration(static_cast<std::int64_t>(bits<std::uint64_t>()))); }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void take(Enum& value) {
    value = static_cast<Enum>(bits<std::uint32_t>());
  }
  void take(std::string& text) {
    text = bytes_;
    bytes_ = {};
  }
  void take_followed(std::string& text) {
    auto const end = bytes_.find('\0');
    if (end == std::string_view::npos) wrong();
    text = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 1);
  }
  template <class T>
  void take_descending(T& value) {
    inverted_ = true;
    take(value);
    inverted_ = false;
  }
  void end() const {
    if (!bytes_.empty()) wrong();
  }

 private:
  [[noreturn]] static void wrong() {
    throw Error{Code::internal, "Stored data cannot be read", "a key is not of its table"};
  }
  template <class Unsigned>
  Unsigned bits() {
    if (bytes_.size() < sizeof(Unsigned)) wrong();
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
      value = static_cast<Unsigned>(value << 8 | static_cast<unsigned char>(bytes_[i]));
    bytes_.remove_prefix(sizeof(Unsigned));
    return inverted_ ? static_cast<Unsigned>(~value) : value;
  }

  std::string_view bytes_;
  bool inverted_ = false;
};

}  // namespace kith
