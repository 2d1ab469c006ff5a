#pragma once

// JSON written straight into one std::string: no tree, no allocation besides the string's own.
//
// The text is always well-formed: quotes, backslashes and control characters are escaped, U+2028
// and U+2029 as well (they end a line in JavaScript), and bytes that are no UTF-8 become U+FFFD.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace kith {

// Appends `text` in quotes. Scans eight bytes a step, so long plain text costs little over a copy.
void append_json(std::string& out, std::string_view text);
// The same with `<`, `>` and `&` as \u003c ...: for JSON that is put inside an HTML page.
void append_json_in_html(std::string& out, std::string_view text);

void append_number(std::string& out, std::uint64_t number);
void append_number(std::string& out, std::int64_t number);
// "123": ids are decimal strings outside; zero, which is nobody and nothing, is null.
void append_json_id(std::string& out, std::uint64_t id);
// "2026-11-21T12:30:00.123Z"; no_time is null.
void append_json_time(std::string& out, Time time);

// Puts the commas. Keys are our own words and written as they are; values are escaped.
//
//   JsonWriter json(out);
//   json.begin().text("title", list.title).id("id", list.id).end();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin() { return open('{'); }
  JsonWriter& begin(std::string_view key) { return this->key(key), open_value('{'); }
  JsonWriter& end() { return close('}'); }
  JsonWriter& list() { return open('['); }
  JsonWriter& list(std::string_view key) { return this->key(key), open_value('['); }
  JsonWriter& end_list() { return close(']'); }

  JsonWriter& text(std::string_view key, std::string_view value);
  JsonWriter& text_or_null(std::string_view key, std::string_view value);  // empty is null
  JsonWriter& yes(std::string_view key, bool value);
  JsonWriter& number(std::string_view key, std::uint64_t value);
  JsonWriter& id(std::string_view key, std::uint64_t value);
  JsonWriter& time(std::string_view key, Time value);
  JsonWriter& date(std::string_view key, Time value);  // "2026-11-21"; no_time is null
  JsonWriter& null(std::string_view key);
  // A value that is JSON already.
  JsonWriter& raw(std::string_view key, std::string_view json);
  template <class Tag>
  JsonWriter& id(std::string_view key, Id<Tag> value) {
    return id(key, value.value);
  }

  // Values of a list.
  JsonWriter& text_item(std::string_view value);
  JsonWriter& id_item(std::uint64_t value);
  JsonWriter& raw_item(std::string_view json);

  // Writes the key; the caller then appends exactly one value to the string itself.
  JsonWriter& key(std::string_view key);
  JsonWriter& comma();  // before a list's value that the caller appends itself

 private:
  JsonWriter& open(char bracket);
  JsonWriter& open_value(char bracket);
  JsonWriter& close(char bracket);

  std::string& out_;
  bool more_ = false;  // a value stands before the next one
};

}  // namespace kith
