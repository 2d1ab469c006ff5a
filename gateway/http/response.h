#pragma once

// What goes back. The API always answers application/json, and `{}` where it has nothing to say:
// existing clients fail on 204 and on any other type.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kith {

// Bytes to send: text, and between it shared fragments that are not copied but sent by one gather
// write. Short fragments are copied, which costs less than one more buffer.
class Body {
 public:
  using Fragment = std::shared_ptr<std::string const>;
  struct Link {
    std::size_t at;  // sent after this many bytes of text()
    Fragment fragment;
  };

  Body() = default;
  Body(std::string text) : text_(std::move(text)) {}
  Body(char const* text) : text_(text) {}

  void append(std::string_view text) { text_ += text; }
  void append(Fragment fragment);

  std::size_t size() const { return text_.size() + linked_; }
  std::string const& text() const { return text_; }
  std::vector<Link> const& links() const { return links_; }
  std::string joined() const;

 private:
  std::string text_;
  std::vector<Link> links_;
  std::size_t linked_ = 0;
};

// Header lines as they are sent. What would end a line is dropped from a value.
class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // instead of what is there
  std::string_view get(std::string_view name) const;        // the first of that name; "" when there is none
  bool has(std::string_view name) const;
  std::string const& lines() const { return lines_; }
  std::string& lines() { return lines_; }  // for the edge, which adds blocks of constant lines

 private:
  std::string lines_;
};

struct Response {
  int status = 200;
  std::string_view content_type = "application/json; charset=utf-8";  // a constant, or outlives the answer
  Body body = {};
  Headers headers = {};  // never Content-Length, Date, Connection: these are the server's

  static Response json(Body body, int status = 200) { return {.status = status, .body = std::move(body)}; }
  static Response nothing() { return json("{}"); }
  static Response html(Body page, int status = 200);
  static Response text(Body text, int status = 200);                                     // text/plain
  static Response file(Body bytes, std::string_view content_type, int max_age_seconds);  // pictures, styles
  static Response redirect(std::string location, int status = 302);                      // 303 after a form
  // {"error": say}, and `fields` (a JSON object, may be empty) as "details".
  static Response error(int status, std::string_view say, std::string_view fields = {});
  // {"error": "invalid_grant", "error_description": say}, as OAuth wants it.
  static Response oauth_error(int status, std::string_view error, std::string_view say);
  // An Error by its code: invalid and conflict 422, exhausted 429, unavailable and unknown 503 ...
  static Response of(Error const& error);

  Response& with(std::string_view name, std::string_view value) &;
  Response&& with(std::string_view name, std::string_view value) &&;
};

}  // namespace kith
