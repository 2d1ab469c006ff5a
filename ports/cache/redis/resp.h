#pragma once

// The language of Redis servers, version 3: what is said to them, and a strict reader of what they answer.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace kith::redis {

// A larger answer is not one to anything that is asked here.
inline constexpr std::size_t text_bytes_max = 1 << 20;
inline constexpr std::size_t items_max = 20'000;  // of one aggregate
inline constexpr std::size_t line_bytes_max = 64 << 10;
inline constexpr int nesting_max = 8;

struct Value {
  enum class Kind : std::uint8_t { null, text, number, error, list, push };

  Kind kind = Kind::null;
  std::string text = {};          // of a text or an error; numbers that are not whole are texts
  std::int64_t number = 0;        // of a number; true is 1
  std::vector<Value> items = {};  // of a list, a set, a push; of a map: key, value, key, value

  bool is(Kind what) const { return kind == what; }
  bool fails(std::string_view with) const { return kind == Kind::error && text.starts_with(with); }
  // What a map holds under a key; null: nothing.
  Value const* find(std::string_view key) const;

  friend bool operator==(Value const&, Value const&) = default;
};

// What stands at the beginning of these bytes: how many it takes, 0 while it is not whole yet. Throws
// Error{unavailable} on what no server says; nothing that comes after it can be read then.
std::size_t read_value(std::string_view bytes, Value& value);

// One command, as a list of texts.
void append_command(std::string& bytes, std::initializer_list<std::string_view> words);

}  // namespace kith::redis
