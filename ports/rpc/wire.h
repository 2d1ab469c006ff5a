#pragma once

// Protobuf's wire format, as generated code reads and writes it: `put` appends one field to bytes,
// `Reader` walks through them. One overload for each kind of member a generated struct can have.

#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/id.h"
#include "base/time.h"

namespace kith {

// Fields of a newer schema, kept as they came, so that an older program loses nothing when it
// writes a message back. One pointer where there are none, which is almost always.
class UnknownFields {
 public:
  UnknownFields() = default;
  UnknownFields(UnknownFields const& other) : fields_(other.copy()) {}
  UnknownFields(UnknownFields&&) noexcept = default;
  UnknownFields& operator=(UnknownFields const& other) {
    fields_ = other.copy();
    return *this;
  }
  UnknownFields& operator=(UnknownFields&&) noexcept = default;

  std::string_view bytes() const { return fields_ ? std::string_view(*fields_) : std::string_view(); }
  void append(std::string_view field) {
    if (!fields_) fields_ = std::make_unique<std::string>();
    *fields_ += field;
  }
  std::size_t heap_bytes() const { return fields_ ? sizeof(std::string) + fields_->capacity() : 0; }

  friend bool operator==(UnknownFields const& a, UnknownFields const& b) { return a.bytes() == b.bytes(); }

 private:
  std::unique_ptr<std::string> copy() const { return fields_ ? std::make_unique<std::string>(*fields_) : nullptr; }

  std::unique_ptr<std::string> fields_;
};

namespace wire {

// A repeated message may hold itself; deeper than this it is refused, not followed.
inline constexpr int depth_max = 32;

enum class Type : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// Throws Error{internal}: bytes that no program of kith has written.
[[noreturn]] void unreadable(char const* why);

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<Id<Tag>> = true;

// What is written as one number.
template <class T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T> || is_id<T> || std::is_same_v<T, Time>;

template <class T>
concept SealedText = requires(T const& field) { field.cipher(); };

template <Number T>
std::uint64_t as_varint(T value) {
  if constexpr (is_id<T>)
    return value.value;
  else if constexpr (std::is_same_v<T, Time>)
    return static_cast<std::uint64_t>(value.time_since_epoch().count());
  else if constexpr (std::is_enum_v<T>)
    return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(value)});
  else if constexpr (std::is_signed_v<T>)
    return static_cast<std::uint64_t>(std::int64_t{value});
  else
    return value;
}

template <Number T>
T from_varint(std::uint64_t number) {
  if constexpr (is_id<T>)
    return T{number};
  else if constexpr (std::is_same_v<T, Time>)
    return Time(Duration(static_cast<std::int64_t>(number)));
  else if constexpr (std::is_same_v<T, bool>)
    return number != 0;
  else if constexpr (std::is_enum_v<T>)
    return static_cast<T>(static_cast<std::int32_t>(number));
  else
    return static_cast<T>(number);
}

// --- writing ---

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
inline void put_tag(std::string& out, std::uint32_t field, Type type) {
  put_varint(out, field << 3 | static_cast<std::uint32_t>(type));
}
inline void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_tag(out, field, Type::bytes);
  put_varint(out, bytes.size());
  out += bytes;
}
// Makes what was appended since `from` a field of its own.
void enclose(std::string& out, std::uint32_t field, std::size_t from);

// A value that is there even when it is zero: optional and repeated ones.
template <Number T>
void put_present(std::string& out, std::uint32_t field, T value) {
  put_tag(out, field, Type::varint);
  put_varint(out, as_varint(value));
}
inline void put_present(std::string& out, std::uint32_t field, double value) {
  put_tag(out, field, Type::fixed64);
  auto const bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift);
}
inline void put_present(std::string& out, std::uint32_t field, std::string const& text) { put_bytes(out, field, text); }
template <class Message>
  requires(std::is_class_v<Message> && !Number<Message>)
void put_present(std::string& out, std::uint32_t field, Message const& message) {
  auto const from = out.size();
  encode_to(out, message);
  enclose(out, field, from);
}

template <Number T>
void put(std::string& out, std::uint32_t field, T value) {
  if (as_varint(value) != 0) put_present(out, field, value);
}
inline void put(std::string& out, std::uint32_t field, double value) {
  if (std::bit_cast<std::uint64_t>(value) != 0) put_present(out, field, value);
}
inline void put(std::string& out, std::uint32_t field, std::string const& text) {
  if (!text.empty()) put_bytes(out, field, text);
}
template <SealedText Sealed>
void put(std::string& out, std::uint32_t field, Sealed const& sealed) {
  check(!sealed.fresh(), "a sealed field is sealed before its row is written");
  if (!sealed.cipher().empty()) put_bytes(out, field, sealed.cipher());
}
template <class T>
void put(std::string& out, std::uint32_t field, std::optional<T> const& value) {
  if (value) put_present(out, field, *value);
}
template <class T>
void put(std::string& out, std::uint32_t field, std::vector<T> const& values) {
  if constexpr (Number<T>) {
    if (values.empty()) return;
    auto const from = out.size();
    for (T const value : values) put_varint(out, as_varint(value));
    enclose(out, field, from);
  } else {
    for (T const& value : values) put_present(out, field, value);
  }
}
template <class Message>
  requires(std::is_class_v<Message> && !Number<Message> && !SealedText<Message>)
void put(std::string& out, std::uint32_t field, Message const& message) {
  auto const from = out.size();
  encode_to(out, message);
  if (out.size() > from) enclose(out, field, from);
}

// --- reading ---

class Reader {
 public:
  explicit Reader(std::string_view bytes, int depth = 0)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), depth_(depth) {}

  // Moves to the next field; false at the end. Then exactly one of take, keep and skip.
  bool next() {
    if (at_ == end_) return false;
    begin_ = at_;
    auto const tag = varint();
    field_ = static_cast<std::uint32_t>(tag >> 3);
    type_ = static_cast<Type>(tag & 7);
    if (tag > UINT32_MAX || field_ == 0) unreadable("a field has no number");
    return true;
  }
  std::uint32_t field() const { return field_; }

  // False, and nothing taken, when the field is of another type on the wire.
  template <Number T>
  bool take(T& value) {
    if (type_ != Type::varint) return false;
    value = from_varint<T>(varint());
    return true;
  }
  bool take(double& value) {
    if (type_ != Type::fixed64) return false;
    value = std::bit_cast<double>(fixed64());
    return true;
  }
  bool take(std::string& text) {
    if (type_ != Type::bytes) return false;
    text = bytes();
    return true;
  }
  template <SealedText Sealed>
  bool take(Sealed& sealed) {
    if (type_ != Type::bytes) return false;
    sealed = Sealed::from_cipher(std::string(bytes()));
    return true;
  }
  template <class T>
  bool take(std::optional<T>& value) {
    if (!value) {
      T taken = {};
      if (!take(taken)) return false;
      value.emplace(std::move(taken));
      return true;
    }
    return take(*value);
  }
  template <class T>
  bool take(std::vector<T>& values) {
    if constexpr (Number<T> || std::is_same_v<T, double>) {
      if (type_ == Type::bytes) {
        take_packed(values);
        return true;
      }
    }
    T taken = {};
    if (!take(taken)) return false;
    values.push_back(std::move(taken));
    return true;
  }
  template <class Message>
    requires(std::is_class_v<Message> && !Number<Message> && !SealedText<Message>)
  bool take(Message& message) {
    if (type_ != Type::bytes) return false;
    if (depth_ == depth_max) unreadable("messages lie too deep in each other");
    Reader inside(bytes(), depth_ + 1);
    decode_from(inside, message);
    return true;
  }

  void skip();
  void keep(UnknownFields& unknown) {
    skip();
    unknown.append({begin_, static_cast<std::size_t>(at_ - begin_)});
  }

 private:
  std::uint64_t varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    return long_varint();
  }
  std::uint64_t long_varint();
  std::uint64_t fixed64();
  std::string_view bytes();
  template <class T>
  void take_packed(std::vector<T>& values) {
    Reader inside(bytes(), depth_);
    // One byte each is the least a number takes, so a lie about the length reserves nothing.
    while (inside.at_ != inside.end_) {
      if constexpr (Number<T>)
        values.push_back(from_varint<T>(inside.varint()));
      else
        values.push_back(std::bit_cast<T>(inside.fixed64()));
    }
  }

  char const* at_;
  char const* end_;
  char const* begin_ = nullptr;
  std::uint32_t field_ = 0;
  Type type_ = Type::varint;
  int depth_;
};

// --- size in memory ---

inline std::size_t heap_of(std::string const& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; }
template <SealedText Sealed>
std::size_t heap_of(Sealed const& sealed) {
  return heap_of(sealed.cipher());
}
template <Number T>
std::size_t heap_of(T) {
  return 0;
}
template <class Message>
  requires(std::is_class_v<Message> && !Number<Message> && !SealedText<Message>)
std::size_t heap_of(Message const& message) {
  return heap_bytes(message);
}
template <class T>
std::size_t heap_of(std::optional<T> const& value) {
  return value ? heap_of(*value) : 0;
}
template <class T>
std::size_t heap_of(std::vector<T> const& values) {
  std::size_t bytes = values.capacity() * sizeof(T);
  if constexpr (!Number<T>)
    for (T const& value : values) bytes += heap_of(value);
  return bytes;
}

}  // namespace wire

// Reads a generated struct from its bytes; Error{internal} if they are none.
template <class T>
T decode(std::string_view bytes) {
  T message;
  wire::Reader in(bytes);
  decode_from(in, message);
  return message;
}

}  // namespace kith
